//go:build unix

package doctor

import "os"

// others are the rights that users other than the owner have on a file.
func others(info os.FileInfo) os.FileMode { return info.Mode().Perm() & 0o077 }
