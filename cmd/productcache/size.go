package main

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/docker/go-units"
)

// size is a number of bytes as a flag: 64MiB, 1g, 4096; steps are of 1024.
type size int64

// sizeUnits are the units that a size is shown in, where it is not short in tenths of one.
var sizeUnits = [...]string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}

// Set implements flag.Value. The error does not repeat the text, which may be long.
func (s *size) Set(text string) error {
	n, err := units.RAMInBytes(text)
	switch {
	case errors.Is(err, strconv.ErrRange), n == math.MaxInt64, err == nil && n < 0:
		// RAMInBytes does not look whether its result fits: by the processor, it becomes the least or the largest number.
		return errors.New("a size must be below 8192PiB")
	case err != nil:
		return errors.New("a size is a number with a unit, such as 64MiB or 1.5GiB")
	}
	*s = size(n)
	return nil
}

// String implements flag.Value: 256MiB, 1.5GiB. Set reads it as the same number.
func (s size) String() string {
	short := strings.ReplaceAll(units.BytesSize(float64(s)), " ", "")
	if read := size(0); read.Set(short) == nil && read == s {
		return short
	}
	unit := 0
	for ; s%1024 == 0 && s != 0 && unit < len(sizeUnits)-1; unit++ {
		s /= 1024
	}
	return strconv.FormatInt(int64(s), 10) + sizeUnits[unit]
}

// masked hides what is secret in a setting's value.
func masked(name, value string) string {
	if name != secretFlag || value == "" {
		return concealed(value)
	}
	if m := maskable.FindStringSubmatch(value); m != nil {
		return m[1] + ":***@" + m[2]
	}
	return "***" // where the password ends is anybody's guess
}

// maskable is a DSN that is whole: user, password, address and database.
var maskable = regexp.MustCompile(`^([^:@/?()]*)(?::.*)?@((?:tcp|unix)\([^()@]*\)/[^@/?()]*)(?:\?[^@]*)?$`)
