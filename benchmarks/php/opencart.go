package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"productcache/benchmarks/peers/load"
	"productcache/internal/mysqltest"
)

const (
	openCartWorkers = 16
	openCartDrawn   = 1 << 13 // pages that are asked for in turn
	skew            = 1.1     // exponent of Zipf's law, by which they are drawn
	seed            = 2003
)

// openCartWays are ways to make OpenCart's product page; pages/opencart.php knows them by their names.
var openCartWays = []store{
	{"direct", "MySQL, connecting for each page, as OpenCart does"},
	{"kept", "MySQL, over a persistent connection"},
	{"client-tcp", "the client, TCP"},
	{"client-unix", "the client, Unix socket"},
	{"client-unix-apcu", "the client, Unix socket, APCu"},
	{"client-unix-connected", "the client, Unix socket, in a shop that connects to MySQL all the same"},
}

// openCartVariants are what a shop's tables may be; each is made from the one before.
var openCartVariants = []struct {
	name, title string
	alter       func(context.Context, *mysqltest.Server) error
}{
	{"myisam", "MyISAM, as shipped", nil},
	{"innodb", "InnoDB, the indexes as shipped", func(ctx context.Context, s *mysqltest.Server) error {
		return alterAll(ctx, s, "ALTER TABLE %s ENGINE=InnoDB")
	}},
	{"innodb-indexed", "InnoDB, with the three indexes that docs/catalogs/opencart.yaml advises", func(ctx context.Context, s *mysqltest.Server) error {
		return alterAll(ctx, s, "ALTER TABLE %s ADD KEY product_id (product_id)", openCartIndexes...)
	}},
	{"myisam-indexed", "MyISAM, with these indexes", func(ctx context.Context, s *mysqltest.Server) error {
		return alterAll(ctx, s, "ALTER TABLE %s ENGINE=MyISAM")
	}},
}

// openCart is OpenCart's shop on its processors.
type openCart struct {
	mysql   *mysqltest.Server
	service *service
	fpm     *fpm
	ids     []int
	work    func(how string) []load.Work
}

// measureOpenCart asks how many product pages a second a small shop makes: MariaDB, php-fpm and the service share the first
// processor, and the generator has another.
func (b *bench) measureOpenCart(ctx context.Context, out *report) error {
	cores, err := affinity(0)
	if err != nil {
		return err
	}
	all := cores.list()
	shop, generator := processors{all[0]}, processors{all[len(all)-1]}
	var o *openCart
	err = onProcessors(shop, func() (err error) { o, err = b.startOpenCart(ctx); return err })
	if errors.Is(err, fs.ErrNotExist) {
		out.line("part=opencart SKIPPED: %v", err)
		out.section("## OpenCart's product page\n\nNot measured: there is no OpenCart shop; " + mysqltest.OpenCartVariable + " names one, as SQL.\n")
		return nil
	}
	if err != nil {
		return err
	}
	defer o.fpm.Stop()
	if err := o.pinned(ctx, shop); err != nil {
		return err
	}
	back, err := pinProcess(generator)
	if err != nil {
		return err
	}
	defer back()
	var t strings.Builder
	fmt.Fprintf(&t, "## OpenCart's product page\n\nIts demo shop, multiplied to %d products, whose pages are asked for by Zipf's law (%.1f). MariaDB (`innodb_buffer_pool_size=64M`, "+
		"`key_buffer_size=16M`), php-fpm with %d workers and the service share processor %d; the generator has processor %d. All workers are always busy. The pages are alike to the byte.\n",
		len(o.ids), skew, openCartWorkers, shop[0], generator[0])
	for _, v := range openCartVariants {
		if v.alter != nil {
			if err := v.alter(ctx, o.mysql); err != nil {
				return fmt.Errorf("%s: %w", v.name, err)
			}
		}
		if err := o.analyze(ctx); err != nil {
			return err
		}
		if err := b.openCartVariant(ctx, out, &t, o, v.name, v.title); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
	out.section(t.String())
	return nil
}

// pinned checks that all of the shop runs where it should.
func (o *openCart) pinned(ctx context.Context, on processors) error {
	var file string
	err := withPool(o.mysql, "", func(db *sql.DB) error { return db.QueryRowContext(ctx, "SELECT @@pid_file").Scan(&file) })
	if err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	database, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	for _, pid := range []int{database, o.service.PID(), o.fpm.PID()} {
		is, err := affinity(pid)
		if err != nil {
			return err
		}
		if is != maskOf(on) {
			return fmt.Errorf("process %d is on processors %v, want %v", pid, is.list(), on)
		}
	}
	return nil
}

func (b *bench) openCartVariant(ctx context.Context, out *report, t *strings.Builder, o *openCart, name, title string) error {
	size, err := openCartSize(ctx, o.mysql)
	if err != nil {
		return err
	}
	if err := o.compare(ctx, b); err != nil {
		return err
	}
	var ways []way
	for _, s := range openCartWays {
		ways = append(ways, way{s.name, s.title, o.work(s.name)})
	}
	found, err := b.measureWays(ctx, out, "part=opencart tables="+name, o.fpm, o.mysql, o.service, ways)
	if err != nil {
		return err
	}
	rate := func(p paged) float64 { return p.rate }
	fmt.Fprintf(t, "\n%s, %s MiB:\n\n| | pages/s | ÷ MySQL | p50 µs | p99 µs | MySQL statements a page |\n|---|---:|---:|---:|---:|---:|\n", title, size)
	for i, w := range ways {
		fmt.Fprintf(t, "| %s | %.0f | %.1f | %.0f | %.0f | %.2f |\n", w.title, pick(found[i], rate), ratio(all(found[i], rate), all(found[0], rate)),
			pick(found[i], func(p paged) float64 { return p.p50 }), pick(found[i], func(p paged) float64 { return p.p99 }),
			pick(found[i], func(p paged) float64 { return p.asked.questions }))
	}
	const direct, kept, tcp, unix = 0, 1, 2, 3
	what := "OpenCart's page, " + title + ": pages a second by the client, "
	out.atLeast(what+"TCP ÷ MySQL's", ratio(all(found[tcp], rate), all(found[direct], rate)), 5, "%.1f")
	out.atLeast(what+"Unix ÷ MySQL's", ratio(all(found[unix], rate), all(found[direct], rate)), 5, "%.1f")
	out.atLeast(what+"Unix ÷ MySQL's over persistent connections", ratio(all(found[unix], rate), all(found[kept], rate)), 5, "%.1f")
	out.atMost("OpenCart's page, "+title+": MySQL statements on a hit", pick(found[unix], func(p paged) float64 { return p.asked.questions }), 0, "%.2f")
	return nil
}

// startOpenCart starts the shop's servers, with all its products in the service.
func (b *bench) startOpenCart(ctx context.Context) (o *openCart, err error) {
	o = &openCart{}
	if o.mysql, err = mysqltest.Start(ctx, mysqltest.Config{Args: []string{"--innodb-buffer-pool-size=64M", "--key-buffer-size=16M"}}); err != nil {
		return nil, err
	}
	b.onClose(o.mysql.Close)
	err = withPool(o.mysql, "", func(db *sql.DB) error {
		_, err := db.ExecContext(ctx, "CREATE DATABASE "+openCartDatabase)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := o.mysql.LoadOpenCart(ctx, openCartDatabase); err != nil {
		return nil, err
	}
	if o.ids, err = multiplyOpenCart(ctx, o.mysql, b.products); err != nil {
		return nil, err
	}
	catalog := filepath.Join(b.root, "docs", "catalogs", "opencart.yaml")
	if o.service, err = b.startService(ctx, "opencart", o.mysql.DSN(openCartDatabase), catalog, b.config); err != nil {
		return nil, err
	}
	b.onClose(o.service.Stop)
	for at := 0; at < len(o.ids); at += batch {
		if _, err := o.service.multiGet(ctx, o.ids[at:min(at+batch, len(o.ids))]); err != nil {
			return nil, err
		}
	}
	o.service.settle()
	b.config["opencart_mysql"], b.config["opencart_database"] = quoted(o.mysql.Socket()), quoted(openCartDatabase)
	if err := b.config.write(b.configFile()); err != nil {
		return nil, err
	}
	o.fpm, err = b.startFPM(ctx, "fpm-opencart", openCartWorkers)
	o.work = b.openCartPages(o.ids)
	return o, err
}

// openCartPages returns the pages to ask for: the same for every way, skewed, and not in the order of the numbers.
func (b *bench) openCartPages(ids []int) func(how string) []load.Work {
	r := rand.New(rand.NewPCG(seed, 0))
	zipf := rand.NewZipf(r, skew, 1, uint64(len(ids)-1))
	order := r.Perm(len(ids))
	drawn := make([]int, openCartDrawn)
	for i := range drawn {
		drawn[i] = ids[order[zipf.Uint64()]]
	}
	return func(how string) (work []load.Work) {
		for _, id := range drawn {
			work = append(work, b.page("opencart.php", "how="+how+"&id="+strconv.Itoa(id)))
		}
		return work
	}
}

func (o *openCart) analyze(ctx context.Context) error {
	return alterAll(ctx, o.mysql, "ANALYZE TABLE %s")
}

// compare gets the pages of the shop's first products in every way: all must be alike.
func (o *openCart) compare(ctx context.Context, b *bench) error {
	for _, id := range o.ids[:min(len(o.ids), 19)] {
		var want []byte
		for _, s := range openCartWays {
			page, _, err := o.fpm.get(ctx, b.page("opencart.php", "how="+s.name+"&id="+strconv.Itoa(id)))
			if err != nil {
				return err
			}
			if want == nil {
				want = page
			}
			if !bytes.Equal(page, want) {
				return fmt.Errorf("product %d: the page by %s differs from that by %s: %s", id, s.name, openCartWays[0].name, difference(page, want))
			}
		}
	}
	return nil
}

// difference returns the first lines in which two texts differ.
func difference(a, b []byte) string {
	of, to := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range min(len(of), len(to)) {
		if !bytes.Equal(of[i], to[i]) {
			return fmt.Sprintf("%.200q and %.200q", of[i], to[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(of), len(to))
}
