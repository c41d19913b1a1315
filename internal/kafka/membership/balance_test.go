package membership

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"
)

func joined(id, name string, ownedSince int32) kmsg.JoinGroupResponseMember {
	return kmsg.JoinGroupResponseMember{MemberID: id, ProtocolMetadata: metadata("t", []byte(name), ownedSince)}
}

func TestLeader(t *testing.T) {
	broken := kmsg.JoinGroupResponseMember{MemberID: "0", ProtocolMetadata: []byte{0}}
	for name, c := range map[string]struct {
		members []kmsg.JoinGroupResponseMember
		want    string
	}{
		"nobody":                      {nil, ""},
		"the smallest name":           {[]kmsg.JoinGroupResponseMember{joined("1", "b", -1), joined("2", "a", -1)}, "2"},
		"the holder":                  {[]kmsg.JoinGroupResponseMember{joined("1", "b", 3), joined("2", "a", -1)}, "1"},
		"the newest of two holders":   {[]kmsg.JoinGroupResponseMember{joined("1", "a", 3), joined("2", "b", 4)}, "2"},
		"one name twice":              {[]kmsg.JoinGroupResponseMember{joined("2", "a", -1), joined("1", "a", -1)}, "1"},
		"not who cannot be read":      {[]kmsg.JoinGroupResponseMember{broken, joined("1", "a", -1)}, "1"},
		"nobody that can be read":     {[]kmsg.JoinGroupResponseMember{broken}, ""},
		"held since the generation 0": {[]kmsg.JoinGroupResponseMember{joined("2", "b", 0), joined("1", "a", -1)}, "2"},
	} {
		if got := leader("t", c.members); got != c.want {
			t.Errorf("%s: %q leads, want %q", name, got, c.want)
		}
	}
}

// TestAssign: whatever the members, each gets an assignment and exactly the leader gets the partition, in any order.
func TestAssign(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringN(1, 4, 8), 1, 8, rapid.ID).Draw(t, "names")
		var members []kmsg.JoinGroupResponseMember
		for i, name := range names {
			members = append(members, joined("id-"+name, name, rapid.Int32Range(-1, 3).Draw(t, "owned")))
			if i%3 == 2 && rapid.Bool().Draw(t, "broken") {
				members[i].ProtocolMetadata = rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "raw")
			}
		}
		want := leader("t", members)
		plan := assign("t", rapid.Permutation(members).Draw(t, "order"))
		if len(plan) != len(members) {
			t.Fatalf("%d assignments for %d members", len(plan), len(members))
		}
		for _, a := range plan {
			if holds("t", a.MemberAssignment) != (a.MemberID == want) {
				t.Fatalf("%s leads, the plan gives partition 0 to %s or not to it", want, a.MemberID)
			}
		}
	})
}

func FuzzMetadata(f *testing.F) {
	f.Add(metadata("t", []byte("name"), 3))
	f.Add([]byte{0, 1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, ok := parse("t", "id", raw)
		if ok && c.owner < -1 {
			t.Errorf("owner since %d", c.owner)
		}
		holds("t", raw)
	})
}
