package mysqltest

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// watchdogScript reads the process group of the moment, one to a line, until the pipe closes.
// It closes with the last process that holds the other end, which is ours alone: on a return, a
// panic, os.Exit or SIGKILL alike. (A parent-death signal would fire at the end of the *thread*
// that started the child, which in Go may end at any time.)
//
// A killed server may still finish one system call, and create a file in the folder being removed.
const watchdogScript = `
while read -r line; do group=$line; done
[ -z "$group" ] || kill -s KILL -- "-$group"
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
`

// watchdog kills the processes of a server and removes its folder once this process is gone, or finish is called.
type watchdog struct {
	pipe    *os.File
	command *exec.Cmd
	finish  func() error // ends the watchdog; returns when the server is killed and the folder gone
}

func newWatchdog(folder string) (*watchdog, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	c := exec.Command("/bin/sh", "-c", watchdogScript, "watchdog", folder)
	c.Stdin = r
	c.SysProcAttr = ownGroup()
	if err := c.Start(); err != nil {
		w.Close()
		return nil, err
	}
	d := &watchdog{pipe: w, command: c}
	d.finish = sync.OnceValue(func() error {
		d.pipe.Close()
		return d.command.Wait()
	})
	return d, nil
}

// watch names the process group to kill; 0 is none. The pipe keeps what the script has not read yet.
func (d *watchdog) watch(group int) error {
	line := "\n"
	if group != 0 {
		line = fmt.Sprintln(group)
	}
	_, err := d.pipe.WriteString(line)
	return err
}

// ownGroup makes the child the leader of a process group. A terminal's Ctrl-C does not reach it, and
// what it starts can be killed with it.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
