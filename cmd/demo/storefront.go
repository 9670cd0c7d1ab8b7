package main

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/go-sql-driver/mysql"

	"productcache/internal/phpserver"
)

// storefront is the shop in PHP, or nil where none was asked for.
type storefront struct{ server *phpserver.Server }

// openStorefront starts the shop, which learns from its environment where its
// data are.
func openStorefront(ctx context.Context, o options, s *shop, log io.Writer) (*storefront, error) {
	c := o.storefront
	if c.Address == "" {
		return nil, nil
	}
	dsn, err := mysql.ParseDSN(s.server.DSN(database))
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(dsn.Addr)
	if err != nil {
		return nil, err
	}
	c.Env = []string{
		"STOREFRONT_SERVICE=http://" + o.listen,
		fmt.Sprintf("STOREFRONT_MYSQL=mysql:host=%s;port=%s;dbname=%s;charset=utf8mb4", host, port, database),
		"STOREFRONT_MYSQL_USER=" + dsn.User,
		"STOREFRONT_MYSQL_PASSWORD=" + dsn.Passwd,
	}
	c.Log = log
	server, err := phpserver.Start(ctx, c)
	if err != nil {
		return nil, err
	}
	return &storefront{server}, nil
}

func (f *storefront) url() string {
	if f == nil {
		return ""
	}
	return f.server.URL()
}

// ended gets a value when the shop has ended by itself; where there is none, never.
func (f *storefront) ended() <-chan struct{} {
	if f == nil {
		return nil
	}
	return f.server.Ended()
}

func (f *storefront) close() error {
	if f == nil {
		return nil
	}
	return f.server.Close()
}
