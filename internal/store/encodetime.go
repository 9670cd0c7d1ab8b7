package store

// dayLayout and clockLayout are what the server sends of a DATE and a DATETIME, which
// a point and a fraction may follow; 0 stands for any digit.
const (
	dayLayout   = "0000-00-00"
	clockLayout = dayLayout + " 00:00:00"
)

// appendDate shows a DATE: 2024-01-31. A date with a zero month or day is none.
// What is no date is text.
func appendDate(dst []byte, v any) []byte {
	text, _ := v.([]byte)
	if isClock(text, dayLayout) && isZeroDate(text) {
		return append(dst, "null"...)
	}
	return appendText(dst, v)
}

// dateTime shows a DATETIME or TIMESTAMP as RFC 3339, with all the digits of
// its fraction: 2024-01-31T23:59:59.250Z. What is no such time is text.
func dateTime(zone string) encoder {
	return func(dst []byte, v any) []byte {
		text, _ := v.([]byte)
		if !isClock(text, clockLayout) {
			return appendText(dst, v)
		}
		if isZeroDate(text) {
			return append(dst, "null"...)
		}
		const day = len(dayLayout)
		dst = append(dst, '"')
		dst = append(dst, text[:day]...)
		dst = append(dst, 'T')
		dst = append(dst, text[day+1:]...)
		dst = append(dst, zone...)
		return append(dst, '"')
	}
}

// isClock reports whether text is of a layout, with a fraction or without. Then
// nothing in it needs an escape.
func isClock(text []byte, layout string) bool {
	if len(text) < len(layout) {
		return false
	}
	for i := range layout {
		if c := text[i]; layout[i] == '0' && !isDigit(c) || layout[i] != '0' && layout[i] != c {
			return false
		}
	}
	return isFraction(text[len(layout):])
}

// isFraction reports whether text is a point and digits, or nothing.
func isFraction(text []byte) bool {
	if len(text) == 0 {
		return true
	}
	for _, c := range text[1:] {
		if !isDigit(c) {
			return false
		}
	}
	return text[0] == '.' && len(text) > 1
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isZeroDate knows 0000-00-00 and the likes of 2024-00-10 and 2024-01-00.
func isZeroDate(date []byte) bool {
	return string(date[5:7]) == "00" || string(date[8:10]) == "00"
}
