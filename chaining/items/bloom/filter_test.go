package bloom

import (
	"math/rand/v2"
	"testing"

	"github.com/headwater/headwater/chaining"
)

// TestFilter: what was added is there, and little else is.
func TestFilter(t *testing.T) {
	var s Filter
	random := rand.NewChaCha8([32]byte{1})
	ids := make([]chaining.ID, 100_000)
	wrong := 0
	for i := range ids {
		_, _ = random.Read(ids[i][:])
		if s.Has(ids[i]) {
			wrong++
		}
		s.Add(ids[i])
	}
	for _, id := range ids {
		if !s.Has(id) {
			t.Fatalf("%s was forgotten", id)
		}
	}
	if wrong > len(ids)/6 {
		t.Errorf("%d of %d were there before", wrong, len(ids))
	}
	t.Log(wrong)
}
