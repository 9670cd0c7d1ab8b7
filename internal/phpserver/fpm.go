package phpserver

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed fpm.conf
var fpmText string

//go:embed nginx.conf
var nginxText string

// settings are what the configuration files are made of.
type settings struct {
	Files   string // folder of the servers' own files
	Folder  string // document root
	Address string
	Workers int
	Root    bool
}

// startFPM runs php-fpm, and nginx before it.
func (s *Server) startFPM(ctx context.Context, c Config) error {
	fpm, fpmErr := find("php-fpm")
	nginx, nginxErr := find("nginx")
	if err := errors.Join(fpmErr, nginxErr); err != nil {
		return err
	}
	with := settings{s.folder, c.Folder, c.Address, c.Workers, os.Geteuid() == 0}
	if strings.ContainsAny(with.Files+with.Folder, "\"$\\\n") {
		return fmt.Errorf("nginx cannot be told of folders such as %q and %q", with.Files, with.Folder)
	}
	fpmFile, err := s.write("fpm.conf", fpmText, with)
	if err != nil {
		return err
	}
	nginxFile, err := s.write("nginx.conf", nginxText, with)
	if err != nil {
		return err
	}
	args := []string{"--nodaemonize", "--force-stderr", "--fpm-config", fpmFile}
	if with.Root {
		args = append(args, "--allow-to-run-as-root")
	}
	if err := s.run(ctx, c, exec.Command(fpm, args...), "unix", filepath.Join(s.folder, "fpm.sock")); err != nil {
		return err
	}
	return s.run(ctx, c, exec.Command(nginx, "-e", "stderr", "-p", s.folder, "-c", nginxFile), "tcp", c.Address)
}

// write makes a configuration file and returns its path.
func (s *Server) write(name, text string, with settings) (string, error) {
	path := filepath.Join(s.folder, name)
	var b strings.Builder
	if err := template.Must(template.New(name).Parse(text)).Execute(&b, with); err != nil {
		return "", err
	}
	return path, os.WriteFile(path, []byte(b.String()), 0o600)
}
