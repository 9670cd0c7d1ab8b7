package store

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
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

// ErrDSN says that a DSN cannot be read, and by an example how one is written. It has nothing of the DSN.
var ErrDSN = errors.New(`store: malformed DSN; want user:password@tcp(host:3306)/database or user:password@unix(/path/to.sock)/database`)

// governed are the session variables that are ours to set.
var governed = []string{
	"autocommit", "max_execution_time", "max_statement_time", "wait_timeout",
	"transaction_isolation", "transaction_read_only", "tx_isolation", "tx_read_only",
	"character_set_client", "character_set_connection", "character_set_results",
}

// checked are the parameters whose values the driver checks.
var checked = []string{
	"allowAllFiles", "allowCleartextPasswords", "allowFallbackToPlaintext", "allowNativePasswords", "allowOldPasswords",
	"checkConnLiveness", "clientFoundRows", "columnsWithAlias", "compress", "connectionAttributes", "interpolateParams", "loc",
	"maxAllowedPacket", "multiStatements", "parseTime", "readTimeout", "rejectReadOnly", "serverPubKey", "timeTruncate", "timeout", "tls", "writeTimeout",
}

// misplaced are the parameters that would be sent to the server as session
// variables, and come back in its errors.
var misplaced = []string{"pass", "passwd", "password", "pwd"}

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
		return source{}, errors.New("store: loc in the DSN: times are shown in UTC, or in a fixed offset given as time_zone='%2B02:00'")
	}
	if c := config.Collation; c != "" && !strings.HasPrefix(c, "utf8mb4_") {
		return source{}, errors.New("store: collation in the DSN: connections speak utf8mb4")
	}
	for _, name := range governed {
		if _, ok := config.Params[name]; ok {
			return source{}, fmt.Errorf("store: %s in the DSN: the service sets this itself", name)
		}
	}
	for name := range config.Params {
		if slices.Contains(misplaced, strings.ToLower(name)) {
			return source{}, errors.New("store: the DSN has the password as a parameter: it goes before the @")
		}
	}
	src := source{config: config}
	if src.zone, src.suffix, err = timeZone(config.Params["time_zone"]); err != nil {
		return source{}, err
	}
	delete(config.Params, "time_zone")
	return src, govern(config)
}

// parseConfig calls the driver's parser. None of its errors is passed on: each
// may quote a part of the password, when that holds a character that should have
// been escaped. Of ours, none has a word of the DSN but the name of a parameter
// that we know.
func parseConfig(dsn string) (*mysql.Config, error) {
	config, ok := understood(dsn)
	if ok {
		return config, nil
	}
	_, parameters, _ := strings.Cut(dsn[strings.LastIndexByte(dsn, '/')+1:], "?")
	for parameter := range strings.SplitSeq(parameters, "&") {
		name, _, _ := strings.Cut(parameter, "=")
		if _, ok := understood("/?" + parameter); !ok && slices.Contains(checked, name) {
			return nil, fmt.Errorf("store: the DSN's parameter %s has a value that it cannot have", name)
		}
	}
	return nil, ErrDSN
}

// understood calls the driver's parser, which panics at strict=true, as it once
// knew that.
func understood(dsn string) (config *mysql.Config, ok bool) {
	defer func() {
		if recover() != nil {
			config, ok = nil, false
		}
	}()
	config, err := mysql.ParseDSN(dsn)
	return config, err == nil
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
		return "", "", errors.New("store: time_zone in the DSN: want a fixed offset, such as '%2B02:00'")
	}
	zone = fmt.Sprintf("%s%02s:%s", m[1], m[2], m[3])
	if strings.Trim(zone, "+-0:") == "" {
		return "+00:00", "Z", nil
	}
	return zone, zone, nil
}
