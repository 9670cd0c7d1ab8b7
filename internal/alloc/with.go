package alloc

// MaxBehind is the most bytes that With puts behind a struct.
const MaxBehind = 480

// room returns how many bytes With leaves for n.
func room(n int) int {
	switch {
	case n <= 8:
		return (n + 7) &^ 7
	case n <= 224:
		return (n + 15) &^ 15
	}
	return (n + 31) &^ 31
}

// With returns a new T with n bytes behind it, up to MaxBehind: Behind reaches
// them. What refers to the T keeps both in memory. T's size is a multiple of 8,
// and best one of 16. The collector must know where the pointers are, so that
// each size is a type.
func With[T any](n int) *T {
	switch room(n) {
	case 0:
		return new(T)
	case 8:
		return with[T, [8]byte]()
	case 16:
		return with[T, [16]byte]()
	case 32:
		return with[T, [32]byte]()
	case 48:
		return with[T, [48]byte]()
	case 64:
		return with[T, [64]byte]()
	case 80:
		return with[T, [80]byte]()
	case 96:
		return with[T, [96]byte]()
	case 112:
		return with[T, [112]byte]()
	case 128:
		return with[T, [128]byte]()
	case 144:
		return with[T, [144]byte]()
	case 160:
		return with[T, [160]byte]()
	case 176:
		return with[T, [176]byte]()
	case 192:
		return with[T, [192]byte]()
	case 208:
		return with[T, [208]byte]()
	case 224:
		return with[T, [224]byte]()
	case 256:
		return with[T, [256]byte]()
	case 288:
		return with[T, [288]byte]()
	case 320:
		return with[T, [320]byte]()
	case 352:
		return with[T, [352]byte]()
	case 384:
		return with[T, [384]byte]()
	case 416:
		return with[T, [416]byte]()
	case 448:
		return with[T, [448]byte]()
	case 480:
		return with[T, [480]byte]()
	}
	panic("alloc: too many bytes behind a struct")
}

func with[T, Bytes any]() *T {
	return &new(struct {
		first  T
		behind Bytes
	}).first
}
