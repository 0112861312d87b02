//go:build !windows

package tunnel

import (
	"errors"
	"io"
	"net"
	"os"
)

// dialAgent connects to the user's ssh agent.
func dialAgent() (io.ReadWriteCloser, error) {
	path := os.Getenv("SSH_AUTH_SOCK")
	if path == "" {
		return nil, errors.New("SSH_AUTH_SOCK is not set")
	}
	return net.Dial("unix", path)
}
