package tunneltest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// descendants are the processes below pid. sshd puts each connection into a session of its own, so that no signal
// to a group reaches them all.
func descendants(pid int) (list []*os.Process) {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // it has just ended
		}
		// pid (name) state ppid …; the name may hold anything
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) < 2 {
			continue
		}
		child, err1 := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		parent, err2 := strconv.Atoi(fields[1])
		if err1 == nil && err2 == nil {
			children[parent] = append(children[parent], child)
		}
	}
	for queue := children[pid]; len(queue) > 0; queue = queue[1:] {
		if p, err := os.FindProcess(queue[0]); err == nil {
			list = append(list, p)
		}
		queue = append(queue, children[queue[0]]...)
	}
	return list
}
