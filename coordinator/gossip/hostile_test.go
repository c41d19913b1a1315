package gossip_test

import (
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/headwater/headwater/coordinator/gossip"
)

// TestStrangersAreNotUnderstood sends what a stranger on the network could, without and with a label, to workers with and
// without a key: nobody appears, nothing breaks, and the workers still find each other.
func TestStrangersAreNotUnderstood(t *testing.T) {
	for name, key := range map[string][]byte{"with a key": []byte(secret), "without a key": nil} {
		t.Run(name, func(t *testing.T) {
			all := cluster(t, 1, func(_ int, c *gossip.Config) { c.Key = key })
			g := all[0]
			udp, err := net.Dial("udp", g.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer udp.Close()
			random := rand.New(rand.NewPCG(1, 2))
			for i := range 2000 {
				packet := strange(random)
				_, _ = udp.Write(packet)
				if i%20 == 0 {
					shout(t, g.Addr(), packet)
				}
			}
			c := config("w1", "i")
			c.Key = key
			other := start(t, c)
			other.Join([]string{g.Addr()})
			await(t, g, 5*time.Second, "w1 is alive", func() bool { return g.State("w1", "i") == gossip.Alive })
			if n := len(g.Peers()); n != 2 {
				t.Errorf("it knows %s", list(g))
			}
		})
	}
}

// strange is a packet of random bytes, which often begins as one of memberlist's kinds does.
func strange(random *rand.Rand) []byte {
	b := make([]byte, random.IntN(1200))
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	if len(b) > 0 && random.IntN(4) > 0 {
		b[0] = byte(random.IntN(14))
	}
	if random.IntN(2) == 0 {
		b = append([]byte{244, 1, 'g'}, b...)
	}
	return b
}

// shout sends it on a connection of its own.
func shout(t *testing.T, addr string, b []byte) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = conn.Write(b)
}
