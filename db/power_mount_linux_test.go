package db_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// recording is a file system in memory that notes everything done to it, in order. Writes to the file
// remarks are not noted as the disk's but as remarks on it.
type recording struct {
	mu     sync.Mutex
	events []event
	nodes  int
}

// record mounts an empty file system on a new folder, lets use work in it from another process, and
// returns what was done. This process must not touch the mount itself: a page fault of its own that its
// own threads have to answer could stop it for good.
func record(t *testing.T, use func(dir string)) []event {
	t.Helper()
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skip("there is no /dev/fuse here, so no power cut is tried:", err)
	}
	r := &recording{}
	dir := t.TempDir()
	server, err := fs.Mount(dir, &node{recording: r}, &fs.Options{
		MountOptions: fuse.MountOptions{FsName: "saoma", Name: "powercut", DirectMount: true},
	})
	if err != nil {
		t.Skip("mounting is not permitted here, so no power cut is tried:", err)
	}
	t.Cleanup(func() { _ = server.Unmount() }) // where use has failed
	use(dir)
	if err := server.Unmount(); err != nil {
		t.Fatal(err)
	}
	server.Wait()
	return r.events
}

func (r *recording) note(e event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// newNode numbers a file or a folder as disk wants it.
func (r *recording) newNode(folder bool) *node {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.nodes++
	n := &node{recording: r, number: 2 * r.nodes}
	if !folder {
		n.number--
	}
	return n
}

// node is a file or a folder. The shared memory of SQLite, which is a file here, is not noted: it means
// nothing after a power cut.
type node struct {
	fs.Inode
	*recording
	number int
	shm    bool

	content sync.Mutex
	data    []byte
	mode    uint32
}

var (
	_ fs.NodeCreater   = (*node)(nil)
	_ fs.NodeMkdirer   = (*node)(nil)
	_ fs.NodeUnlinker  = (*node)(nil)
	_ fs.NodeRmdirer   = (*node)(nil)
	_ fs.NodeRenamer   = (*node)(nil)
	_ fs.NodeOpener    = (*node)(nil)
	_ fs.NodeReader    = (*node)(nil)
	_ fs.NodeWriter    = (*node)(nil)
	_ fs.NodeFsyncer   = (*node)(nil)
	_ fs.NodeGetattrer = (*node)(nil)
	_ fs.NodeSetattrer = (*node)(nil)
)

func (n *node) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	child := n.newNode(false)
	child.shm, child.mode = strings.HasSuffix(name, "-shm"), mode&0o777
	if name != remarks && !child.shm {
		n.note(event{op: addName, node: n.number, name: name, child: child.number})
	}
	out.Mode = fuse.S_IFREG | child.mode
	return n.NewPersistentInode(ctx, child, fs.StableAttr{Mode: fuse.S_IFREG}), nil, 0, 0
}

func (n *node) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	child := n.newNode(true)
	child.mode = mode & 0o777
	n.note(event{op: addName, node: n.number, name: name, child: child.number})
	out.Mode = fuse.S_IFDIR | child.mode
	return n.NewPersistentInode(ctx, child, fs.StableAttr{Mode: fuse.S_IFDIR}), 0
}

func (n *node) Unlink(_ context.Context, name string) syscall.Errno {
	if !strings.HasSuffix(name, "-shm") {
		n.note(event{op: dropName, node: n.number, name: name})
	}
	return 0
}

func (n *node) Rmdir(ctx context.Context, name string) syscall.Errno {
	if len(n.GetChild(name).Children()) > 0 {
		return syscall.ENOTEMPTY
	}
	return n.Unlink(ctx, name)
}

func (n *node) Rename(_ context.Context, name string, to fs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	if flags != 0 {
		return syscall.EINVAL
	}
	n.note(event{op: moveName, node: n.number, name: name, child: to.(*node).number, toName: newName})
	return 0
}

func (n *node) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) { return nil, 0, 0 }

func (n *node) Read(_ context.Context, _ fs.FileHandle, dest []byte, at int64) (fuse.ReadResult, syscall.Errno) {
	n.content.Lock()
	defer n.content.Unlock()
	if at >= int64(len(n.data)) {
		return fuse.ReadResultData(nil), 0
	}
	return fuse.ReadResultData(dest[:copy(dest, n.data[at:])]), 0
}

func (n *node) Write(_ context.Context, _ fs.FileHandle, data []byte, at int64) (uint32, syscall.Errno) {
	n.change(event{op: writeBytes, at: at, data: slices.Clone(data)})
	return uint32(len(data)), 0
}

// change alters the content and notes it, the two as one.
func (n *node) change(e event) {
	n.content.Lock()
	defer n.content.Unlock()
	n.data = patch(n.data, e)
	if name, _ := n.Parent(); name == remarks {
		e.op = remark
	}
	if e.node = n.number; !n.shm {
		n.note(e)
	}
}

func (n *node) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	if !n.shm {
		n.note(event{op: syncNode, node: n.number})
	}
	return 0
}

func (n *node) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	n.content.Lock()
	defer n.content.Unlock()
	out.Mode, out.Size, out.Nlink = n.mode, uint64(len(n.data)), 1
	return 0
}

func (n *node) Setattr(ctx context.Context, f fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok {
		n.change(event{op: truncateTo, at: int64(size)})
	}
	if mode, ok := in.GetMode(); ok {
		n.content.Lock()
		n.mode = mode & 0o777
		n.content.Unlock()
	}
	return n.Getattr(ctx, f, out)
}
