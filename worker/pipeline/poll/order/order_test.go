package order

import "testing"

func TestCompare(t *testing.T) {
	ordered := []string{"-12345678901234567891", "-12345678901234567890", "-2", "-1", "0", "1", "1.5", "9", "10", "12345678901234567890", "12345678901234567891"}
	for i, a := range ordered {
		for j, b := range ordered {
			if got := Compare(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("Compare(%s, %s) = %d", a, b, got)
			}
		}
	}
	if Compare("007", "7") != 0 || Compare("a", "b") >= 0 || Compare("10", "9x") >= 0 || Compare("-0", "0") != 0 {
		t.Error("odd values")
	}
}
