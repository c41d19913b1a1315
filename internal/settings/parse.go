package settings

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/connector/property"
)

const validGroup = "at most 200 of the characters a-z A-Z 0-9 . _ -"

// groupForm is narrower than Kafka's: <group.id>-assignments is a topic.
var groupForm = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,200}$`)

// Parse checks a worker's properties. All faults come at once: the error is made by errors.Join of *connector.Fault.
// Warnings are returned in either case.
func Parse(properties map[string]string) (Settings, []connector.Warning, error) {
	return ParseResolved(properties, properties)
}

// ParseResolved is Parse for properties whose provider references have been resolved; faults and warnings show written.
func ParseResolved(written, resolved map[string]string) (Settings, []connector.Warning, error) {
	r := property.NewReader(resolved, written)
	d := draft{}
	property.Apply(r, "", table, &d)
	d.ExactlyOnce = d.exactlyOnce < 2
	d.Config.Partitions = 1
	setBootstrap(r, &d)
	checkTimes(r, &d)
	checkTopics(r, &d)
	setSASL(r, &d)
	at := setListener(r, &d)
	setTLS(r, &d, at.secure && !ownHTTPS(r))
	setREST(r, &d, at)
	setAdvertised(r, &d, at)
	setGossip(r, &d, at)
	d.Providers = readProviders(r)
	claimRest(r)
	warnings, err := r.Finish()
	if err != nil {
		return Settings{}, warnings, err
	}
	return d.Settings, warnings, nil
}

func claimRest(r *property.Reader) {
	rows := Properties()
	var names []string
	for _, row := range rows {
		names = append(names, row.Name)
	}
	for _, name := range r.Unclaimed() {
		if row, rest, ok := property.Match(rows, name); ok {
			if property.LooksSecret(rest) {
				row.Type = property.Password
			}
			r.Claim(name, row)
			continue
		}
		p := property.Problem{Text: "is not known and is not used", Hint: "see the reference page of the worker's properties"}
		if near := property.Nearest(name, names); near != "" {
			p.Hint = "did you mean " + near + "?"
		}
		r.Warn(name, p)
	}
}

func setGroup(d *draft, v property.Value) error {
	if !groupForm.MatchString(v.Text) {
		return property.Problem{Text: "is not usable as a group", Hint: "write " + validGroup}
	}
	d.GroupID = v.Text
	return nil
}

// setBootstrap splits bootstrap.servers. A protocol before an address, as in SASL_SSL://broker:9092, says nothing: Java's
// client takes it too, and goes by security.protocol.
func setBootstrap(r *property.Reader, d *draft) {
	for address := range strings.SplitSeq(d.bootstrap, ",") {
		address = strings.TrimSpace(address)
		if address == "" {
			continue
		}
		plain := address
		if _, rest, ok := strings.Cut(address, "://"); ok {
			plain = rest
		}
		if !hostPort(plain) {
			r.Reject("bootstrap.servers", property.Problem{
				Text: "has an entry that is not host:port", Detail: strconv.Quote(address), Hint: "write host:port, as broker1:9092,broker2:9092",
			})
			return
		}
		d.Bootstrap = append(d.Bootstrap, plain)
	}
	if len(d.Bootstrap) == 0 {
		r.Reject("bootstrap.servers", property.Problem{Text: "names no broker", Hint: "write host:port, as broker1:9092"})
	}
}

func hostPort(address string) bool {
	u, err := url.Parse("kafka://" + address)
	if err != nil || u.Host != address || u.Hostname() == "" {
		return false
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && n > 0
}

func checkTopics(r *property.Reader, d *draft) {
	seen := map[string]string{}
	for _, t := range []struct{ property, topic string }{
		{"config.storage.topic", d.Config.Name}, {"offset.storage.topic", d.Offsets.Name}, {"status.storage.topic", d.Status.Name},
	} {
		if other := seen[t.topic]; other != "" && t.topic != "" {
			r.Reject(t.property, property.Problem{Text: "is the same topic as " + other, Hint: "give each its own topic"})
		}
		seen[t.topic] = t.property
	}
}

func setRanges(d *draft, v property.Value) error {
	for entry := range strings.SplitSeq(v.Text, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(entry)
		if addr, addrErr := netip.ParseAddr(entry); err != nil && addrErr == nil {
			prefix, err = netip.PrefixFrom(addr.WithZone(""), addr.BitLen()), nil
		}
		if err != nil {
			return property.Problem{
				Text: "has an entry that is no address range", Detail: strconv.Quote(entry), Hint: "write ranges as 10.1.0.0/16,192.0.2.7",
			}
		}
		d.Egress.Allowed = append(d.Egress.Allowed, prefix.Masked())
	}
	slices.SortFunc(d.Egress.Allowed, func(a, b netip.Prefix) int { return a.Compare(b) })
	return nil
}
