package db_test

import (
	"maps"
	"math/rand/v2"
	"path"
	"slices"
)

// sector is what a disk writes in full or not at all, in bytes.
const sector = 512

// operation is what can be done to the files of a disk.
type operation int

const (
	writeBytes operation = iota // data at at
	truncateTo                  // at is the new size
	syncNode                    // a file's content, or the names in a folder
	addName                     // name in folder node is child from now on
	dropName
	moveName // to toName in folder child
	remark   // not the disk's: what the script says it has been told
)

// event is one thing done to a disk. A node is a file or a folder; the first folder is node 0.
type event struct {
	op           operation
	node, child  int
	at           int64
	data         []byte
	name, toName string
}

// disk is what a disk and the memory before it hold. Content is lost in a power cut unless its file was
// synced after it was written; until then any of its sectors may have reached the disk, each as it was at
// any moment since. Names are lost unless their folder was synced; until then the first so many of the
// changes may have reached the disk. Syncing a file does not sync its name, nor a folder its own.
type disk struct {
	files    map[int]*holding
	names    map[int]map[string]int // on disk: folder, name, node
	unsynced []event                // changes of names
}

type holding struct {
	durable  []byte
	unsynced []event
}

func newDisk() *disk {
	return &disk{files: map[int]*holding{}, names: map[int]map[string]int{}}
}

// do takes one event in.
func (d *disk) do(e event) {
	switch e.op {
	case addName, dropName, moveName:
		d.unsynced = append(d.unsynced, e)
	case writeBytes, truncateTo:
		f := d.file(e.node)
		f.unsynced = append(f.unsynced, e)
	case syncNode:
		f := d.file(e.node)
		for _, u := range f.unsynced {
			f.durable = patch(f.durable, u)
		}
		f.unsynced = nil
		d.syncNames(e.node)
	}
}

// syncNames brings the names in a folder to the disk, and, where something was moved into it from another
// folder, what was changed there before. It does not bring the folder's own name there.
func (d *disk) syncNames(folder int) {
	var synced, rest []event
	folders := []int{folder}
	for _, e := range slices.Backward(d.unsynced) {
		switch {
		case !slices.Contains(folders, e.node) && (e.op != moveName || !slices.Contains(folders, e.child)):
			rest = append(rest, e)
			continue
		case e.op == moveName:
			folders = append(folders, e.node, e.child)
		}
		synced = append(synced, e)
	}
	slices.Reverse(synced)
	slices.Reverse(rest)
	rename(d.names, synced)
	d.unsynced = rest
}

func (d *disk) file(node int) *holding {
	if d.files[node] == nil {
		d.files[node] = &holding{}
	}
	return d.files[node]
}

// rename carries out changes of names.
func rename(names map[int]map[string]int, changes []event) {
	folder := func(n int) map[string]int {
		if names[n] == nil {
			names[n] = map[string]int{}
		}
		return names[n]
	}
	for _, c := range changes {
		switch c.op {
		case addName:
			folder(c.node)[c.name] = c.child
		case dropName:
			delete(folder(c.node), c.name)
		case moveName:
			moved := folder(c.node)[c.name]
			delete(folder(c.node), c.name)
			folder(c.child)[c.toName] = moved
		}
	}
}

// patch carries out one change of content.
func patch(b []byte, e event) []byte {
	end := e.at + int64(len(e.data))
	if e.op == truncateTo && end <= int64(len(b)) {
		return b[:end]
	}
	if more := end - int64(len(b)); more > 0 {
		b = append(b, make([]byte, more)...)
	}
	copy(b[e.at:], e.data)
	return b
}

// loss is which unsynced changes a power cut takes.
type loss string

const (
	loseAll  loss = "all"
	loseNone loss = "none" // only the process died
	loseTail loss = "tail" // of each file what was written last, the first of it torn
	loseAny  loss = "any"  // any sectors of any file
)

// cut is the file system that a power cut now leaves: each file's content by its path.
func (d *disk) cut(l loss, random *rand.Rand) map[string][]byte {
	names := map[int]map[string]int{}
	for folder, children := range d.names {
		names[folder] = maps.Clone(children)
	}
	kept := 0
	switch l {
	case loseNone:
		kept = len(d.unsynced)
	case loseTail, loseAny:
		kept = random.IntN(len(d.unsynced) + 1)
	}
	rename(names, d.unsynced[:kept])
	image := map[string][]byte{}
	var walk func(dir string, folder int)
	walk = func(dir string, folder int) {
		for name, node := range names[folder] {
			if d.isFolder(node) {
				image[path.Join(dir, name)+"/"] = nil
				walk(path.Join(dir, name), node)
				continue
			}
			image[path.Join(dir, name)] = d.file(node).cut(l, random)
		}
	}
	walk("", 0)
	return image
}

// isFolder is known by the node's number: folders have even ones.
func (d *disk) isFolder(node int) bool { return node%2 == 0 }

// cut is what is left of one file.
func (f *holding) cut(l loss, random *rand.Rand) []byte {
	b := append([]byte(nil), f.durable...)
	switch l {
	case loseNone:
		for _, e := range f.unsynced {
			b = patch(b, e)
		}
	case loseTail:
		whole := random.IntN(len(f.unsynced) + 1)
		for _, e := range f.unsynced[:whole] {
			b = patch(b, e)
		}
		if whole < len(f.unsynced) && f.unsynced[whole].op == writeBytes {
			sectors := split(f.unsynced[whole])
			for _, s := range sectors[:random.IntN(len(sectors))] {
				b = patch(b, s)
			}
		}
	case loseAny:
		b = f.cutAny(b, random)
	}
	return b
}

// cutAny keeps of each sector what was written to it up to some moment.
func (f *holding) cutAny(b []byte, random *rand.Rand) []byte {
	likely := []float64{0.1, 0.5, 0.9, 0.99}[random.IntN(4)]
	lost := map[int64]bool{}
	for _, e := range f.unsynced {
		if e.op == truncateTo {
			if random.Float64() < likely {
				b = patch(b, e)
			}
			continue
		}
		for _, s := range split(e) {
			n := s.at / sector
			if lost[n] = lost[n] || random.Float64() >= likely; !lost[n] {
				b = patch(b, s)
			}
		}
	}
	return b
}

// split is a write as writes to one sector each.
func split(e event) (sectors []event) {
	for len(e.data) > 0 {
		n := min(int64(len(e.data)), sector-e.at%sector)
		sectors = append(sectors, event{op: writeBytes, at: e.at, data: e.data[:n]})
		e.at, e.data = e.at+n, e.data[n:]
	}
	return sectors
}
