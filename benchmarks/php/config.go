package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// config are the addresses that the PHP scripts are told, as PHP's expressions.
type config map[string]string

func quoted(s string) string { return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'" }

// hostPort is an address as the arguments of a PHP function.
func hostPort(port string) string { return "['127.0.0.1', " + port + "]" }

// write writes a PHP file that returns the addresses.
func (c config) write(path string) error {
	var lines []string
	for name, value := range c {
		lines = append(lines, fmt.Sprintf("    %s => %s,\n", quoted(name), value))
	}
	slices.Sort(lines)
	return os.WriteFile(path, []byte("<?php\n\nreturn [\n"+strings.Join(lines, "")+"];\n"), 0o644)
}
