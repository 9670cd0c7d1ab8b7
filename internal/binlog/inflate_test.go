package binlog

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// lengthEncoded is the longest form of a length-encoded integer.
func lengthEncoded(v uint64) []byte { return binary.LittleEndian.AppendUint64([]byte{0xfe}, v) }

// payloadOf builds a TRANSACTION_PAYLOAD_EVENT.
func payloadOf(compression byte, size uint64, data []byte) []byte {
	b := []byte{payloadCompression, 9}
	b = append(b, lengthEncoded(uint64(compression))...)
	b = append(b, payloadUncompressed, 9)
	b = append(b, lengthEncoded(size)...)
	b = append(b, 77, 2, 0xff, 0xff) // a field of a later server
	b = append(b, payloadSize, 9)
	b = append(b, lengthEncoded(uint64(len(data)))...)
	return append(append(b, payloadEnd), data...)
}

// eventOf builds an event of that body.
func eventOf(body []byte) []byte {
	e := make([]byte, headerSize, headerSize+len(body))
	binary.LittleEndian.PutUint32(e[9:], uint32(headerSize+len(body)))
	return append(e, body...)
}

func zstdOf(t testing.TB, plain []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(plain, nil)
}

func TestInflatePayload(t *testing.T) {
	want := [][]byte{eventOf([]byte("a")), eventOf(nil), eventOf(bytes.Repeat([]byte("long"), 1<<20))}
	plain := slices.Concat(want...)
	size := uint64(len(plain))
	packed := zstdOf(t, plain)
	// A frame may end, and another begin, anywhere.
	half := slices.Concat(zstdOf(t, plain[:30]), zstdOf(t, plain[30:]))
	for name, body := range map[string][]byte{
		"zstd": payloadOf(compressionZstd, size, packed), "two frames": payloadOf(compressionZstd, size, half), "none": payloadOf(compressionNone, 0, plain),
	} {
		got, err := inflatePayload(body)
		if err != nil || !slices.EqualFunc(got, want, bytes.Equal) {
			t.Errorf("%s: inflatePayload = %d events, %v, want %d", name, len(got), err, len(want))
		}
	}
	for name, body := range map[string][]byte{
		"too long":          payloadOf(compressionZstd, size-1, packed),
		"too short":         payloadOf(compressionZstd, size+1, packed),
		"cut off":           payloadOf(compressionZstd, size, packed[:len(packed)-1]),
		"no zstd":           payloadOf(compressionZstd, size, plain),
		"unknown":           payloadOf(1, size, packed),
		"half an event":     payloadOf(compressionNone, 0, plain[:len(plain)-1]),
		"half a header":     payloadOf(compressionNone, 0, plain[:20+headerSize-1]),
		"event too small":   payloadOf(compressionNone, 0, make([]byte, 100)),
		"shorter than said": payloadOf(compressionNone, 0, plain)[:100],
		"no end":            {payloadCompression, 1, 0},
		"empty":             {},
	} {
		if got, err := inflatePayload(body); got != nil || !errors.Is(err, errMalformed) {
			t.Errorf("%s: inflatePayload = %d events, %v, want %v", name, len(got), err, errMalformed)
		}
	}
}

// packedOf is data as MariaDB compresses it, said to be of size bytes.
func packedOf(t testing.TB, size uint32, plain []byte) []byte {
	t.Helper()
	b := bytes.NewBuffer(binary.BigEndian.AppendUint32([]byte{0x84}, size))
	w := zlib.NewWriter(b)
	w.Write(plain)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestInflateMariaDB(t *testing.T) {
	rows := func(event byte) []byte {
		head := []byte{1, 0, 0, 0, 0, 0, 0, 0}
		if plainTypes[event] >= eventWriteRows {
			head = append(head, 4, 0, 9, 9)
		}
		head = append(head, 3, 7)
		if kindOf(plainTypes[event]) == rowsUpdated {
			head = append(head, 7)
		}
		return head
	}
	wants := map[byte]byte{166: 23, 167: 24, 168: 25, 169: 30, 170: 31, 171: 32, 165: 2}
	for event, want := range wants {
		head := rows(event)
		if event == 165 {
			head = []byte("1234" + "5678" + "\x02" + "99" + "\x03\x00" + "var" + "db\x00")
		}
		text := bytes.Repeat([]byte("abc"), 1000)
		packed := slices.Concat(head, packedOf(t, 3000, text))
		whole := slices.Clone(packed)
		kind, plain, err := inflateMariaDB(event, packed)
		if err != nil || kind != want || !bytes.Equal(plain, slices.Concat(head, text)) {
			t.Errorf("inflateMariaDB(%d) = %d, %d bytes, %v, want %d, %d bytes", event, kind, len(plain), err, want, len(head)+len(text))
		}
		if !bytes.Equal(packed, whole) {
			t.Errorf("inflateMariaDB(%d) writes into its argument", event)
		}
		for name, broken := range map[string][]byte{
			"too long": slices.Concat(head, packedOf(t, 2999, text)), "too short": slices.Concat(head, packedOf(t, 3001, text)),
			"cut off": packed[:len(packed)-1], "head only": head, "cut head": head[:3], "empty": nil,
			"other algorithm": slices.Concat(head, []byte{0x94}, packedOf(t, 3000, text)[1:]),
		} {
			if kind, plain, err := inflateMariaDB(event, broken); kind != 0 || plain != nil || !errors.Is(err, errMalformed) {
				t.Errorf("inflateMariaDB(%d), %s = %d, %d bytes, %v, want %v", event, name, kind, len(plain), err, errMalformed)
			}
		}
	}
	if _, _, err := inflateMariaDB(eventWriteRows, nil); !errors.Is(err, errMalformed) {
		t.Errorf("inflateMariaDB of a plain event = %v, want %v", err, errMalformed)
	}
}

// What an event says of its size costs no memory.
func TestClaimedSizesCostNothing(t *testing.T) {
	small := zstdOf(t, make([]byte, 100))
	for name, inflate := range map[string]func() error{
		"payload of 4 GiB":    func() error { _, err := inflatePayload(payloadOf(compressionZstd, 4<<30, small)); return err },
		"payload of the most": func() error { _, err := inflatePayload(payloadOf(compressionZstd, maxInflated, small)); return err },
		"rows of 4 GiB": func() error {
			_, _, err := inflateMariaDB(eventWriteRowsCompressedV1, slices.Concat([]byte{1, 0, 0, 0, 0, 0, 0, 0, 1, 1}, packedOf(t, 1<<32-1, nil)))
			return err
		},
		"4 GiB of columns": func() error {
			_, _, err := parseTableMap(slices.Concat(make([]byte, 8), []byte{0, 0, 0, 0}, lengthEncoded(4<<30)))
			return err
		},
		"4 GiB in a row event": func() error {
			_, err := parseRows(eventWriteRows, slices.Concat(make([]byte, 10), lengthEncoded(4<<30)))
			return err
		},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := inflate()
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > 3*maxTrust {
			t.Errorf("%s: %d bytes allocated, want at most %d", name, got, 3*maxTrust)
		}
	}
	if _, err := inflatePayload(payloadOf(compressionZstd, maxInflated+1, small)); !errors.Is(err, errTooLarge) {
		t.Errorf("inflatePayload of too much = %v, want %v", err, errTooLarge)
	}
}
