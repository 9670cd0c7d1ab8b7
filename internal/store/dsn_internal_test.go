package store

import (
	"strings"
	"testing"
)

func TestParseDSN(t *testing.T) {
	for _, test := range []struct{ params, zone, suffix string }{
		{"", "+00:00", "Z"},
		{"?loc=UTC&parseTime=true&columnsWithAlias=true&multiStatements=true&readTimeout=1s", "+00:00", "Z"},
		{"?time_zone='%2B02:00'", "+02:00", "+02:00"},
		{"?time_zone=+02:00", "+02:00", "+02:00"}, // the plus was not escaped
		{"?time_zone=%22-5:30%22", "-05:30", "-05:30"},
		{"?time_zone='UTC'", "+00:00", "Z"},
		{"?time_zone='-00:00'", "+00:00", "Z"},
	} {
		src, err := parseDSN("shop:secret@tcp(db:3306)/shop" + test.params)
		if err != nil || src.zone != test.zone || src.suffix != test.suffix {
			t.Errorf("%s: zone %q, suffix %q, %v, want %q, %q", test.params, src.zone, src.suffix, err, test.zone, test.suffix)
			continue
		}
		c := src.config
		if c.ParseTime || c.ColumnsWithAlias || c.MultiStatements || c.ReadTimeout != 0 || len(c.Params) != 0 ||
			!strings.Contains(c.FormatDSN(), "charset=utf8mb4") {
			t.Errorf("%s: the configuration is not ours: %s", test.params, c.FormatDSN())
		}
	}
}

func TestParseDSNRefuses(t *testing.T) {
	for _, test := range []struct{ dsn, want string }{
		{"shop:secret@tcp(db:3306)/", "no database"},
		{"shop:secret@tcp(db:3306)", "malformed DSN"},
		{"shop:secret@tcp(db:3306/shop", "malformed DSN"},
		{"shop:secret/", "malformed DSN"},
		{"shop:secret@udp/shop", "malformed DSN"},
		{"shop:secret@tcp(db)/shop?strict=true", "malformed DSN"},
		{"shop:secret@tcp(db)/shop?loc=Europe%2FBerlin", "loc in the DSN"},
		{"shop:secret@tcp(db)/shop?parseTime=perhaps", "parameter parseTime"},
		{"shop:secret@tcp(db)/shop?time_zone='Europe%2FBerlin'", "fixed offset"},
		{"shop:secret@tcp(db)/shop?time_zone=SYSTEM", "fixed offset"},
		{"shop:secret@tcp(db)/shop?time_zone='%2B99:99'", "fixed offset"}, // it was taken
		{"shop:secret@tcp(db)/shop?time_zone='-15:00'", "fixed offset"},
		{"shop:secret@tcp(db)/shop?max_execution_time=5", "max_execution_time"},
		{"shop:secret@tcp(db)/shop?tx_read_only=0", "tx_read_only"},
		{"shop:secret@tcp(db)/shop?collation=latin1_bin", "utf8mb4"},
		{"shop:secret@tcp(db)/shop?tls=no-such", "parameter tls"},
	} {
		_, err := parseDSN(test.dsn)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("parseDSN(%q) = %v, want an error about %q", test.dsn, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("parseDSN(%q) = %v shows the password", test.dsn, err)
		}
	}
}

// TestErrorsHideTheDSN breaks DSNs in all the ways that a password with special
// characters may, and looks for any piece of it in the errors.
func TestErrorsHideTheDSN(t *testing.T) {
	for _, password := range []string{"xcanaryx", "can?ary", "?tls=canary", "?loc=canary", "?time_zone=canary", "?collation=canary", "?parseTime=canary",
		"/canary", "/?parseTime=canary", "@canary", "@tcp(canary", "@tcp(canary)", ":canary", "%canary", "%2", "canary&tls=canary", "/canary?compress=canary", "(canary)"} {
		for _, dsn := range []string{"shop:PW@tcp(db:3306)/shop", "shop:PW@tcp(db:3306", "shop:PW@tcp(db:3306)", "shop:PW@db/shop", "shop:PW", "PW",
			"mysql://shop:PW@db:3306/shop", "shop:PW@tcp(db)/shop?loc=PW", "shop:PW@tcp(db)/shop?tls=PW", "shop:PW@tcp(db)/shop?time_zone=PW",
			"shop:PW@tcp(db)/shop?collation=PW", "shop:PW@tcp(db)/shop?PW=1&parseTime=2", "shop@tcp(db)/shop?password=PW", "shop@tcp(db)/?PW",
			"shop:PW@tcp(db)/shop?maxAllowedPacket=PW", "shop:PW@tcp(db)/shop?serverPubKey=PW", "shop:PW@tcp(db)/shop?connectionAttributes=PW", "shop:PW@tcp(db)/shop?charset=PW"} {
			dsn = strings.ReplaceAll(dsn, "PW", password)
			if _, err := parseDSN(dsn); err != nil && strings.Contains(strings.ToLower(err.Error()), "canary") {
				t.Errorf("parseDSN(%q) = %v", dsn, err)
			}
		}
	}
	if _, err := parseDSN("shop@tcp(db)/shop?Password=x"); err == nil {
		t.Error("a password as a parameter is accepted: it would be sent as a session variable")
	}
}
