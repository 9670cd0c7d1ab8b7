package benchmarks

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRecordKnowsTheCommit records twice in a project of its own, with a go that
// measures nothing: only a change of the code makes the commit dirty.
func TestRecordKnowsTheCommit(t *testing.T) {
	project, programs := t.TempDir(), t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name string, args ...string) string {
		t.Helper()
		c := exec.Command(name, args...)
		c.Dir = project
		c.Env = append(os.Environ(), "PATH="+programs+":"+os.Getenv("PATH"), "GIT_CONFIG_GLOBAL=/dev/null",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%s %q: %v", name, args, err)
		}
		return strings.TrimSpace(string(out))
	}
	script, err := os.ReadFile("record.sh")
	if err != nil {
		t.Fatal(err)
	}
	write(filepath.Join(programs, "go"), "#!/bin/sh\necho measured $(wc -c <benchmarks/results/hit.txt)\n")
	write(filepath.Join(project, "benchmarks/record.sh"), string(script))
	write(filepath.Join(project, "benchmarks/results/hit.txt"), "old\n")
	write(filepath.Join(project, "benchmarks/results/mix.txt"), "old\n")
	run("git", "init", "-q")
	run("git", "add", ".")
	run("git", "commit", "-qm", "all")
	clean := "commit: " + run("git", "rev-parse", "--short=12", "HEAD")
	expect := func(name, commit string) {
		t.Helper()
		run("benchmarks/record.sh", name)
		text, err := os.ReadFile(filepath.Join(project, "benchmarks/results", name+".txt"))
		if err != nil || !strings.HasPrefix(string(text), commit+"\n") || !strings.Contains(string(text), "measured") {
			t.Errorf("record.sh %s: %v, %s; want %q in the first line", name, err, text, commit)
		}
	}
	expect("hit", clean)
	if text, err := os.ReadFile(filepath.Join(project, "benchmarks/results/hit.txt")); err != nil || !strings.Contains(string(text), "measured 4\n") {
		t.Errorf("%v, %s; want the old results, of 4 bytes, kept until the new ones are whole", err, text)
	}
	expect("mix", clean)
	write(filepath.Join(project, "benchmarks/record.sh"), string(script)+"\n# changed\n")
	expect("hit", clean+"-dirty")
}
