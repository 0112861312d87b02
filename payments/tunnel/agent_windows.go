package tunnel

import (
	"io"
	"os"
)

// dialAgent connects to the agent of Windows' own OpenSSH, which listens on this pipe.
func dialAgent() (io.ReadWriteCloser, error) {
	return os.OpenFile(`\\.\pipe\openssh-ssh-agent`, os.O_RDWR, 0)
}
