package main

import (
	"io"
	"net"
	"syscall"
	"testing"
)

// TestUnsentIsBounded fills a connection whose client does not read, as far as the kernel takes it.
func TestUnsentIsBounded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	boundUnsent(l)
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	if err := raw.Control(func(fd uintptr) {
		size, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF)
	}); err != nil || size != 2*unsentBytes {
		t.Errorf("the kernel keeps %d bytes, %v, want twice %d", size, err, unsentBytes)
	}
	taken := 0
	err = raw.Write(func(fd uintptr) bool {
		for piece := make([]byte, 64<<10); ; {
			n, err := syscall.Write(int(fd), piece)
			if err != nil {
				return true // there is no room
			}
			taken += n
		}
	})
	// What the client's side of the kernel has taken counts too.
	const most = 2*unsentBytes + 8<<20
	if err != nil || taken == 0 || taken > most {
		t.Errorf("%d bytes were taken, %v, want %d at most", taken, err, most)
	}
	go func() { conn.Close() }()
	if n, err := io.Copy(io.Discard, client); err != nil || n != int64(taken) {
		t.Errorf("the client reads %d bytes, %v, want all %d", n, err, taken)
	}
}
