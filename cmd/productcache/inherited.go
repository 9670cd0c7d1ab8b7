package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"

	"github.com/coreos/go-systemd/v22/activation"
)

// systemdPrefix marks an address as the name of sockets that systemd has opened.
const systemdPrefix = "systemd:"

// inherited are the listening sockets that systemd has handed over, by the name
// that their socket unit gives them (FileDescriptorName). They stay open in
// systemd while the service restarts: connections wait in them meanwhile.
type inherited map[string][]*os.File

// inherit takes what systemd has handed over to this process, if it has.
func inherit() inherited {
	all := inherited{}
	for _, file := range activation.Files(true) {
		all[file.Name()] = append(all[file.Name()], file)
	}
	return all
}

// listen opens an address, or takes what systemd has handed over under its name.
func (in inherited) listen(address string) (opened []net.Listener, handed bool, err error) {
	if name, ok := strings.CutPrefix(address, systemdPrefix); ok {
		opened, err = in.listeners(name)
		return opened, true, err
	}
	l, err := listenAt(address)
	return []net.Listener{l}, false, err
}

// listeners takes the sockets of a name, which may be several.
func (in inherited) listeners(name string) (_ []net.Listener, err error) {
	files := in[name]
	delete(in, name)
	if len(files) == 0 {
		return nil, fmt.Errorf("systemd has handed over no socket named %q: is there a socket unit with FileDescriptorName=%s, and is it started?", name, name)
	}
	var opened []net.Listener
	for _, file := range files {
		l, failed := net.FileListener(file)
		err = errors.Join(err, failed, file.Close()) // the listener has its own descriptor
		if failed == nil {
			opened = append(opened, l)
		}
	}
	if err != nil {
		for _, l := range opened {
			_ = l.Close()
		}
		return nil, fmt.Errorf("sockets named %q: %w", name, err)
	}
	return opened, nil
}

// closeUnused closes the sockets that no listener has taken. Who connects to
// one of them would wait in vain.
func (in inherited) closeUnused(log *slog.Logger) {
	for name, files := range in {
		log.Warn("systemd has handed over sockets that no listener uses: stop their socket unit", "name", name, "sockets", len(files))
		for _, file := range files {
			_ = file.Close()
		}
	}
}
