package store

import (
	"regexp"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

var rfc3339Zone = regexp.MustCompile(`\A(Z|[+-](0\d|1[0-4]):[0-5]\d)\z`)

// FuzzParseDSN: whatever the DSN, an error does not show the password; and what is taken is the driver's
// reading of it, with what the answers depend on as we need it, and reads back from how the driver
// writes it.
func FuzzParseDSN(f *testing.F) {
	for _, rest := range []string{
		"/shop", "/", "", "/shop?time_zone='%2B02:00'", "/shop?time_zone=%22-5:30%22", "/shop?loc=UTC&parseTime=true&readTimeout=1s",
		"/shop?strict=true", "/shop?loc=Europe%2FBerlin", "/shop?tls=no-such", "/shop?collation=latin1_bin", "/shop?max_execution_time=5",
		"/shop?time_zone='%2B99:99'", "/shop?sql_mode=%27%27&a=b", "/shop?parseTime=perhaps",
	} {
		f.Add("shop", "", "tcp(db:3306)"+rest)
	}
	for _, password := range []string{"?", "/", "@", ":", "?a=b&", "/?tls=", "%zz", "?loc=", "/x?parseTime=", ")", "@tcp(a)/b?charset=", "?time_zone=", "?collation=", "?connectionAttributes=", "?serverPubKey="} {
		f.Add("shop", password, "unix(/run/mysqld.sock)/shop")
	}
	f.Fuzz(func(t *testing.T, user, around, rest string) {
		const canary = "c4nary"
		dsn := user + ":" + around + canary + around + "@" + rest
		src, err := parseDSN(dsn)
		if err != nil {
			if strings.Contains(err.Error(), canary) && !strings.Contains(user+rest, canary) && driverSeesPassword(dsn, canary) {
				t.Fatalf("parseDSN(%q) = %v, which shows the password", dsn, err)
			}
			return
		}
		theirs, err := mysql.ParseDSN(dsn)
		if err != nil {
			t.Fatalf("parseDSN(%q) takes what the driver does not: %v", dsn, err)
		}
		c := src.config
		if c.User != theirs.User || c.Passwd != theirs.Passwd || c.Net != theirs.Net || c.Addr != theirs.Addr || c.DBName != theirs.DBName || c.DBName == "" {
			t.Fatalf("parseDSN(%q) = %s, want %s", dsn, c.FormatDSN(), theirs.FormatDSN())
		}
		if c.ParseTime || c.ColumnsWithAlias || c.MultiStatements || c.AllowAllFiles || !c.InterpolateParams || c.Timeout+c.ReadTimeout+c.WriteTimeout != 0 {
			t.Fatalf("parseDSN(%q): the configuration is not ours: %s", dsn, c.FormatDSN())
		}
		for _, name := range append(governed, "time_zone") {
			if _, there := c.Params[name]; there {
				t.Fatalf("parseDSN(%q) leaves %s to the DSN", dsn, name)
			}
		}
		if !rfc3339Zone.MatchString(src.suffix) || src.suffix != "Z" && src.suffix != src.zone {
			t.Fatalf("parseDSN(%q): zone %q, shown as %q", dsn, src.zone, src.suffix)
		}
	})
}

// driverSeesPassword reports whether the canary is in the password, and not, as in a DSN that nobody
// meant, in a name or a parameter.
func driverSeesPassword(dsn, canary string) bool {
	head, _, _ := strings.Cut(dsn, "?")
	c, err := mysql.ParseDSN(head[:strings.LastIndexByte(head, '/')+1])
	return err == nil && strings.Contains(c.Passwd, canary)
}
