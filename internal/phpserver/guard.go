package phpserver

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// guardScript reads process groups, one to a line, until the pipe closes: it
// closes with the process that holds the other end, whatever becomes of that.
const guardScript = `
while read -r group; do groups="$groups $group"; done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
`

// guard kills the processes of a server and removes its folder once this
// process is gone, or finish is called.
type guard struct {
	pipe   *os.File
	finish func() error // returns when all is done; a second call returns the same
}

func newGuard(folder string) (*guard, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	cmd := exec.Command("/bin/sh", "-c", guardScript, "guard", folder)
	cmd.Stdin = r
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		w.Close()
		return nil, err
	}
	return &guard{w, sync.OnceValue(func() error {
		w.Close()
		return cmd.Wait()
	})}, nil
}

// watch names a process group to kill.
func (g *guard) watch(group int) error {
	_, err := fmt.Fprintln(g.pipe, group)
	return err
}
