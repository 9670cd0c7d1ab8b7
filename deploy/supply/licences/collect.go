package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// program is a main package, and the platforms that it is built for.
type program struct {
	root      string // folder of its module
	pkg       string
	platforms []string // as in linux/amd64
}

// listed is what go list says of a package.
type listed struct {
	ImportPath string
	Dir        string
	Standard   bool
	Module     *struct {
		Path, Version, Dir string
		Main               bool
	}
	GoFiles, CgoFiles, CFiles, HFiles, SFiles, EmbedFiles []string
}

// parts returns what the program contains, Go first, then by name.
func (p program) parts() ([]part, error) {
	standard, err := standardLibrary()
	if err != nil {
		return nil, err
	}
	byName := map[string]*part{}
	for _, platform := range p.platforms {
		packages, err := p.list(platform)
		if err != nil {
			return nil, err
		}
		for _, pkg := range packages {
			if err := collect(byName, pkg); err != nil {
				return nil, fmt.Errorf("%s: %w", pkg.ImportPath, err)
			}
		}
	}
	parts := []part{standard}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		byName[name].sort()
		parts = append(parts, *byName[name])
	}
	return parts, nil
}

// list returns the packages that are linked on a platform.
func (p program) list(platform string) ([]listed, error) {
	system, architecture, _ := strings.Cut(platform, "/")
	command := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,Standard,Module,GoFiles,CgoFiles,CFiles,HFiles,SFiles,EmbedFiles", p.pkg)
	command.Dir = p.root
	command.Env = append(command.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+architecture)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, &stderr)
	}
	var packages []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg listed
		if err := d.Decode(&pkg); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, pkg)
	}
}

// collect adds what a package brings.
func collect(byName map[string]*part, pkg listed) error {
	switch {
	case pkg.Standard:
		return nil
	case pkg.Module.Main:
		return embedded(byName, pkg)
	}
	p, ok := byName[pkg.Module.Path]
	if !ok {
		p = &part{name: pkg.Module.Path, version: pkg.Module.Version}
		byName[p.name] = p
	}
	apply, err := p.above(pkg)
	if err != nil {
		return err
	}
	if len(apply) == 0 && !slices.Contains(p.unlicensed, pkg.ImportPath) {
		p.unlicensed = append(p.unlicensed, pkg.ImportPath)
	}
	return p.sources(pkg, apply)
}

var (
	licenceFile = regexp.MustCompile(`(?i)^((un)?licen[sc]e|copying)`)
	noticeFile  = regexp.MustCompile(`(?i)^(notice|patents)`)
	sourceFile  = regexp.MustCompile(`\.(go|s|c|h)$`)
)

// above adds the notices that apply to a package by where they are, and
// returns their licences.
func (p *part) above(pkg listed) ([]string, error) {
	var apply []string
	for folder := pkg.Dir; ; folder = filepath.Dir(folder) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			isLicence := licenceFile.MatchString(e.Name())
			if !e.Type().IsRegular() || sourceFile.MatchString(e.Name()) || !isLicence && !noticeFile.MatchString(e.Name()) {
				continue
			}
			n, err := read(pkg.Module.Dir, filepath.Join(folder, e.Name()), isLicence)
			if err != nil {
				return nil, err
			}
			p.add(n)
			apply = append(apply, n.licences...)
		}
		if folder == pkg.Module.Dir {
			return apply, nil
		}
	}
}

// read reads a notice, and classifies it if it is a licence.
func read(root, file string, isLicence bool) (notice, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return notice{}, err
	}
	name, err := filepath.Rel(root, file)
	if err != nil {
		return notice{}, err
	}
	n := notice{file: filepath.ToSlash(name), text: string(text)}
	if isLicence {
		ids, known := classify(n.text)
		n.licences, n.unknown = ids, !known
	}
	return n, nil
}

// sources adds the licences that are written into a package's source files.
func (p *part) sources(pkg listed, apply []string) error {
	for _, name := range slices.Concat(pkg.GoFiles, pkg.CgoFiles, pkg.CFiles, pkg.HFiles, pkg.SFiles) {
		file := filepath.Join(pkg.Dir, name)
		source, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(pkg.Module.Dir, file)
		if err != nil {
			return err
		}
		for _, n := range inSource(string(source), apply) {
			n.file = filepath.ToSlash(relative)
			p.add(n)
		}
	}
	return nil
}

// standardLibrary is Go's. Its version depends on who builds.
func standardLibrary() (part, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return part{}, err
	}
	root := strings.TrimSpace(string(out))
	p := part{name: "Go standard library"}
	for name, isLicence := range map[string]bool{"LICENSE": true, "PATENTS": false} {
		n, err := read(root, filepath.Join(root, name), isLicence)
		if err != nil {
			return part{}, err
		}
		p.add(n)
	}
	p.sort()
	return p, nil
}
