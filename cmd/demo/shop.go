package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"productcache/internal/demoshop"
	"productcache/internal/mysqltest"
)

const database = "shop"

// shop is a running MariaDB with the shop in it, and the catalog file.
type shop struct {
	server  *mysqltest.Server
	folder  string
	catalog string
}

func openShop(ctx context.Context, products int) (_ *shop, err error) {
	server, err := mysqltest.Start(ctx, mysqltest.Config{Binlog: true})
	if err != nil {
		return nil, err
	}
	s := &shop{server: server}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.folder, err = os.MkdirTemp("", "productcache-demo-"); err != nil {
		return nil, err
	}
	s.catalog = filepath.Join(s.folder, "catalog.yaml")
	if err := os.WriteFile(s.catalog, demoshop.Catalog(), 0o600); err != nil {
		return nil, err
	}
	if err := s.fill(ctx, products); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *shop) fill(ctx context.Context, products int) error {
	create := func(db *sql.DB) error {
		_, err := db.ExecContext(ctx, "CREATE DATABASE "+database)
		return err
	}
	load := func(db *sql.DB) error { return demoshop.Load(ctx, db, products) }
	if err := s.with("", create); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	return s.with(database, load)
}

func (s *shop) with(name string, do func(*sql.DB) error) error {
	db, err := sql.Open("mysql", s.server.SocketDSN(name))
	if err != nil {
		return err
	}
	return errors.Join(do(db), db.Close())
}

// close ends the server and removes all files.
func (s *shop) close() error {
	err := s.server.Close()
	if s.folder != "" {
		err = errors.Join(err, os.RemoveAll(s.folder))
	}
	return err
}
