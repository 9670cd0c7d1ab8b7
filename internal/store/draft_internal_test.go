package store

import "testing"

func TestChildName(t *testing.T) {
	for _, tt := range [][2]string{
		{"oc_product_image", "images"},
		{"oc_product_to_category", "categories"},
		{"oc_product_key", "keys"},
		{"oc_product_options", "options"},
		{"oc_product_tax", "taxes"},
		{"oc_product_address", "addresses"},
		{"oc_product_status", "statuses"},
		{"oc_review", "reviews"},
	} {
		if got := childName(tt[0], "oc_product", "oc_", map[string]bool{}); got != tt[1] {
			t.Errorf("childName(%s) = %s, want %s", tt[0], got, tt[1])
		}
	}
}
