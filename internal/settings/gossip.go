package settings

import (
	"encoding/base64"

	"github.com/headwater/headwater/internal/connector"
)

// Gossip is how workers notice early that one is gone; it is advice only.
type Gossip struct {
	Enabled  bool             // gossip.enabled. Defaults to true
	Listener string           // gossip.listener, as host:port. Defaults to the REST listener's host and any free port
	Key      connector.Secret // gossip.key: 16, 24 or 32 bytes in base64. Only on loopback it may be absent
}

// KeyBytes returns the key itself; nil when there is none.
func (g Gossip) KeyBytes() []byte {
	key, err := base64.StdEncoding.DecodeString(g.Key.Reveal())
	if err != nil || len(key) == 0 {
		return nil
	}
	return key
}
