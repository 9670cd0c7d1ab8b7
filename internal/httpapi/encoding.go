package httpapi

import "strings"

// unlisted is the weight of a coding that Accept-Encoding does not name.
const unlisted = -1

// prefersGzip reports whether a client with these Accept-Encoding lines is to
// get gzip where there is a choice (RFC 9110, section 12.5.3). Where only
// identity is there it is sent even if the client refuses it, as that section
// allows. Weights are in thousandths; malformed elements count for nothing.
func prefersGzip(lines []string) bool {
	gzip, identity, other := unlisted, unlisted, unlisted
	for _, line := range lines {
		for line != "" {
			var element string
			element, line, _ = strings.Cut(line, ",")
			coding, weight, ok := parseCoding(element)
			if !ok {
				continue
			}
			switch {
			case coding == "*":
				other = max(other, weight)
			case strings.EqualFold(coding, "gzip"), strings.EqualFold(coding, "x-gzip"):
				gzip = max(gzip, weight)
			case strings.EqualFold(coding, "identity"):
				identity = max(identity, weight)
			}
		}
	}
	if gzip == unlisted {
		gzip = other
	}
	if identity == unlisted {
		identity = other
	}
	return gzip > 0 && gzip >= identity
}

// parseCoding parses a coding with an optional weight, such as "gzip;q=0.5".
func parseCoding(element string) (coding string, weight int, ok bool) {
	coding, parameter, weighted := strings.Cut(element, ";")
	coding = trimOWS(coding)
	if !weighted {
		return coding, 1000, coding != ""
	}
	parameter = trimOWS(parameter)
	if len(parameter) < 2 || parameter[0]|0x20 != 'q' || parameter[1] != '=' {
		return "", 0, false
	}
	weight, ok = parseWeight(parameter[2:])
	return coding, weight, ok && coding != ""
}

// parseWeight parses a qvalue: 0 to 1 with at most three decimals.
func parseWeight(s string) (thousandths int, ok bool) {
	if s == "" || len(s) > len("0.000") || len(s) > 1 && s[1] != '.' {
		return 0, false
	}
	for i, unit := 0, 1000; i < len(s); i++ {
		if i == 1 {
			continue // the point
		}
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		thousandths += int(s[i]-'0') * unit
		unit /= 10
	}
	return thousandths, thousandths <= 1000
}
