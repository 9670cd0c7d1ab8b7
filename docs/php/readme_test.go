package php_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"productcache/internal/demoshop"
)

// TestReadme does what the page says, block by block.
func TestReadme(t *testing.T) {
	w := newWorkplace(t)
	w.write("catalog.yaml", string(demoshop.Catalog()))
	for _, b := range blocksOf(t, "README.md") {
		switch b.lang {
		case "sh":
			w.shell(b)
			w.afterShell(b)
		case "php":
			w.phpOfReadme(b)
		case "console":
			w.console(b)
		default:
			t.Errorf("README.md:%d: nothing runs a block of %q", b.line, b.lang)
		}
	}
}

// afterShell learns the addresses of what was started, and makes an installed client patient: this machine may be busy.
func (w *workplace) afterShell(b block) {
	w.t.Helper()
	switch {
	case strings.HasPrefix(b.text, "make demo"):
		demo := w.services[0]
		socket := regexp.MustCompile(`--socket=(\S+)`).FindStringSubmatch(demo.out.String())
		if socket == nil {
			w.t.Fatalf("the demo names no socket:\n%s", &demo.out)
		}
		w.is("http://127.0.0.1:8080", demo.public)
		w.is("http://127.0.0.1:8081", demo.admin)
		w.is("http://10.0.0.2:8080", demo.public)
		w.is("'mysql:host=127.0.0.1;dbname=shop', 'shop', 'password'", "'mysql:unix_socket="+socket[1]+";dbname=shop', 'root', ''")
		w.env = append(w.env, "PRODUCTCACHE_MYSQL_DSN=root@unix("+socket[1]+")/shop")
	case strings.Contains(b.text, "composer require"):
		w.makePatient(filepath.Join(w.folder, "vendor/productcache/client"))
	}
}

// makePatient gives a copy of the client timeouts that a busy machine keeps.
func (w *workplace) makePatient(client string) {
	w.t.Helper()
	file := filepath.Join(client, "src/Options.php")
	text, err := os.ReadFile(file)
	w.must(err)
	patient := strings.NewReplacer("int $timeout = 300,", "int $timeout = 30000,", "int $connectTimeout = 50,", "int $connectTimeout = 10000,").Replace(string(text))
	if len(patient) != len(text)+len("00")+len("000") {
		w.t.Fatal("Options.php has other timeouts than this test knows")
	}
	w.must(os.WriteFile(file, []byte(patient), 0o600))
	w.is("connectTimeout: 20, ", "connectTimeout: 10000, ")
	w.is("timeout: 150, ", "timeout: 30000, ")
}

// phpOfReadme writes a block that is a file, and runs any other with $shop, as the page says.
func (w *workplace) phpOfReadme(b block) {
	w.t.Helper()
	if b.name != "" {
		w.write(b.name, w.here(b.text))
		return
	}
	w.write("block.php", w.here(`<?php
		require 'vendor/autoload.php';
		foreach (['SimpleCache', 'Cache'] as $package) {
			require "/usr/share/php/Psr/$package/autoload.php";
		}
		$shop = new Productcache\Client('http://127.0.0.1:8080', new Productcache\Options(adminUrl: 'http://127.0.0.1:8081'));
		`+b.text))
	b.expect(w.t, w.php(b, "block.php"), b.shown())
}

// console types what stands after the dollars, and compares what is printed.
func (w *workplace) console(b block) {
	w.t.Helper()
	for _, part := range strings.Split(b.text, "$ ")[1:] {
		command, want, _ := strings.Cut(part, "\n")
		b.expect(w.t, w.run(b, "bash", "-c", w.here(command)), want)
	}
}

// TestOptionsTable: the table of options is what the class says. To renew it, paste what the failing test prints.
func TestOptionsTable(t *testing.T) {
	const program = `require $argv[1];
		$class = new ReflectionMethod('Productcache\Options', '__construct');
		foreach ($class->getParameters() as $p) {
			preg_match('/@param \S+ \$' . $p->name . ' (.*?)(?=\n     \* @|\n     \*\n|\n     \*\/)/s', $class->getDocComment(), $m);
			$text = strtr(preg_replace('/\s*\n\s*\*\s*/', ' ', $m[1]), ['|' => '\|', '<' => '\<']);
			$default = var_export($p->getDefaultValue(), true);
			echo '| ` + "`' . $p->name . '`" + ` | ', strtr((string) $p->getType(), ['|' => ' or ', '?' => '']), ' | ', strtolower($default) === 'null' ? '' : "` + "`$default`" + `", ' | ', $text, " |\n";
		}`
	out, err := exec.Command("php", "-r", program, "--", "../../clients/php/autoload.php").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(out), "\n"); n < 10 || !strings.Contains(string(readme), "|---|---|---|---|\n"+string(out)+"\n") {
		t.Errorf("README.md does not list the options as they are:\n%s", out)
	}
}
