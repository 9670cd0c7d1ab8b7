//go:build !linux

package httpapi

import (
	"net"
	"time"
)

// loops are on Linux only: elsewhere every connection keeps its goroutine.
type loops struct{}

func newLoops(*Listener) *loops { return &loops{} }

func (*loops) park(net.Conn, time.Time) bool { return false }

func (*loops) stop() {}
