package settings

import (
	"encoding/base64"
	"net"
	"regexp"
	"strconv"

	"github.com/headwater/headwater/internal/connector/property"
)

var (
	workerForm = regexp.MustCompile(`^[a-zA-Z0-9._:\[\]-]{1,200}$`)
	hostForm   = regexp.MustCompile(`^[a-zA-Z0-9_]([a-zA-Z0-9_.-]*[a-zA-Z0-9_])?\.?$`)
)

// setWorkerName keeps / out: the name is a part of keys and of the names in the gossip.
func setWorkerName(d *draft, v property.Value) error {
	if !workerForm.MatchString(v.Text) {
		return property.Problem{Text: "is not usable as a name", Hint: "write " + validWorker}
	}
	d.WorkerName = v.Text
	return nil
}

// checkTimes makes sure that a single lost heartbeat does not cost the membership.
func checkTimes(r *property.Reader, d *draft) {
	if r.Faulty("session.timeout.ms") || r.Faulty("heartbeat.interval.ms") {
		return
	}
	third := strconv.FormatInt(d.SessionTimeout.Milliseconds()/3, 10)
	switch {
	case d.HeartbeatInterval >= d.SessionTimeout/2:
		r.Reject("heartbeat.interval.ms", property.Problem{
			Text: "is not less than half of session.timeout.ms: one late heartbeat would cost the worker its tasks", Hint: "write at most a third, " + third,
		})
	case d.HeartbeatInterval > d.SessionTimeout/3:
		r.Warn("heartbeat.interval.ms", property.Problem{Text: "is more than a third of session.timeout.ms", Hint: "better write at most " + third})
	}
}

// setGossip completes gossip.listener and asks for a key where others can listen in.
func setGossip(r *property.Reader, d *draft, at place) {
	if !d.Gossip.Enabled {
		return
	}
	if d.Gossip.Listener == "" {
		if !at.ok {
			return
		}
		d.Gossip.Listener = net.JoinHostPort(at.host, "0")
	}
	host, port, err := net.SplitHostPort(d.Gossip.Listener)
	if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil || host != "" && !hostName(host) {
		r.Reject("gossip.listener", property.Problem{Text: "is not of the form host:port", Hint: "write it as 10.0.0.5:7946; port 0 takes any free one"})
		return
	}
	key, err := base64.StdEncoding.DecodeString(d.Gossip.Key.Reveal())
	switch n := len(key); {
	case r.Faulty("gossip.key"):
	case d.Gossip.Key.IsZero() && !loopback(host):
		r.Reject("gossip.key", property.Problem{
			Text: "is required: gossip.listener is not on loopback", Hint: "make one with `openssl rand -base64 32` and set it on all workers, or set gossip.enabled to false",
		})
	case !d.Gossip.Key.IsZero() && (err != nil || n != 16 && n != 24 && n != 32):
		r.Reject("gossip.key", property.Problem{Text: "is not a key of 16, 24 or 32 bytes in base64", Hint: "make one with `openssl rand -base64 32`"})
	}
}
