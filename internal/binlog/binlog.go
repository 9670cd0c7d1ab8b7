// Package binlog follows the binlog of a MySQL or MariaDB.
package binlog

import "github.com/dolthub/vitess/go/mysql"

var _ = mysql.Connect
