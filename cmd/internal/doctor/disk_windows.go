package doctor

import "golang.org/x/sys/windows"

// diskFree is how many bytes this user may still write on the disk of dir.
func diskFree(dir string) (free uint64, err error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	return free, windows.GetDiskFreeSpaceEx(name, &free, nil, nil)
}
