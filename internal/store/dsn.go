package store

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// source is where MySQL is, and in which time zone we want its times.
type source struct {
	config *mysql.Config
	zone   string // offset for the session: "+00:00"
	suffix string // the same in RFC 3339: "Z" or "+02:00"
}

var errDSN = errors.New(`store: malformed DSN; want user:password@tcp(host:3306)/database or user:password@unix(/path/to.sock)/database`)

// governed are the session variables that are ours to set.
var governed = []string{
	"autocommit", "max_execution_time", "max_statement_time", "wait_timeout",
	"transaction_isolation", "transaction_read_only", "tx_isolation", "tx_read_only",
	"character_set_client", "character_set_connection", "character_set_results",
}

// parseDSN reads a DSN and takes what the answers depend on out of its hands:
// character set, parsing of times, names of columns.
func parseDSN(dsn string) (source, error) {
	config, err := parseConfig(dsn)
	if err != nil {
		return source{}, err
	}
	if config.DBName == "" {
		return source{}, errors.New("store: the DSN names no database")
	}
	if config.Loc != nil && config.Loc != time.UTC {
		return source{}, fmt.Errorf("store: loc=%s in the DSN: times are shown in UTC, or in a fixed offset given as time_zone='%%2B02:00'", config.Loc)
	}
	if c := config.Collation; c != "" && !strings.HasPrefix(c, "utf8mb4_") {
		return source{}, fmt.Errorf("store: collation=%s in the DSN: connections speak utf8mb4", c)
	}
	for _, name := range governed {
		if _, ok := config.Params[name]; ok {
			return source{}, fmt.Errorf("store: %s in the DSN: the service sets this itself", name)
		}
	}
	src := source{config: config}
	if src.zone, src.suffix, err = timeZone(config.Params["time_zone"]); err != nil {
		return source{}, err
	}
	delete(config.Params, "time_zone")
	return src, govern(config)
}

// parseConfig calls the driver's parser. Its errors may quote a part of the
// password, when that holds a character that should have been escaped; so only
// those about parameters are passed on.
func parseConfig(dsn string) (config *mysql.Config, err error) {
	defer func() {
		// The driver panics at strict=true, which it once knew.
		if recover() != nil {
			config, err = nil, errDSN
		}
	}()
	if config, err = mysql.ParseDSN(dsn); err == nil {
		return config, nil
	}
	// Parameters are what follows user:password@network(address)/database; anything else may be of the password.
	if at := strings.LastIndexByte(dsn, '?'); at >= 0 && !strings.Contains(dsn[at:], "@") && strings.Contains(dsn[:at], ")/") {
		if _, err := mysql.ParseDSN("/" + dsn[at:]); err != nil {
			return nil, fmt.Errorf("store: DSN parameters: %w", err)
		}
	}
	return nil, errDSN
}

func govern(config *mysql.Config) error {
	config.ParseTime = false
	config.ColumnsWithAlias = false
	config.MultiStatements = false
	config.AllowAllFiles = false
	config.InterpolateParams = true // our own questions to information_schema
	// Contexts bound connecting and every statement; a deadline of the socket
	// would only make a slow query look like a lost connection.
	config.Timeout, config.ReadTimeout, config.WriteTimeout = 0, 0, 0
	config.DialFunc = dialMetered
	return config.Apply(mysql.Charset("utf8mb4", config.Collation))
}

// offset is what the servers and RFC 3339 take for one.
var offset = regexp.MustCompile(`^([+-])(0?\d|1[0-4]):([0-5]\d)$`)

// timeZone reads the value of time_zone in a DSN. It must be a fixed offset: a
// named zone has an hour each autumn that comes twice, and RFC 3339 wants to
// know which.
func timeZone(value string) (zone, suffix string, err error) {
	value = strings.Trim(value, `'"`)
	if strings.HasPrefix(value, " ") {
		value = "+" + value[1:] // a "+" that was not escaped
	}
	if value == "" || strings.EqualFold(value, "UTC") {
		return "+00:00", "Z", nil
	}
	m := offset.FindStringSubmatch(value)
	if m == nil {
		return "", "", fmt.Errorf("store: time_zone=%s in the DSN: want a fixed offset, such as '%%2B02:00'", value)
	}
	zone = fmt.Sprintf("%s%02s:%s", m[1], m[2], m[3])
	if strings.Trim(zone, "+-0:") == "" {
		return "+00:00", "Z", nil
	}
	return zone, zone, nil
}
