// Command licences says under which licences the service's parts are: Go's
// standard library, every module of which a package is linked, and what is
// embedded of others.
//
//	licences list      docs/licences.md
//	licences notices   the texts of all licences and notices, as the package ships them
//
// It fails, and writes nothing, if a part has no licence, one that is not
// recognised, or one that is not in [allowed].
//
// Linked packages come from go list, for each platform. Of each, the licences
// are those in its folder and in the folders above it, up to its module's, and
// those written into its source files. A folder of the module that is not
// linked adds nothing.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

// service is the program whose parts are meant.
var service = program{
	root:      "../..",
	pkg:       "./cmd/productcache",
	platforms: []string{"linux/amd64", "linux/arm64"},
}

func run(args []string, stdout io.Writer) error {
	if len(args) != 1 || args[0] != "list" && args[0] != "notices" {
		return errors.New("usage: licences list|notices")
	}
	parts, err := service.parts()
	if err != nil {
		return err
	}
	if err := check(parts); err != nil {
		return err
	}
	text := notices(parts)
	if args[0] == "list" {
		text = list(parts)
	}
	_, err = io.WriteString(stdout, text)
	return err
}
