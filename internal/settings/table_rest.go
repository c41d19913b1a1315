package settings

import (
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/connector/property"
)

const validWorker = "at most 200 of the characters a-z A-Z 0-9 . _ : [ ] -"

var gossipTable = []field{
	flag("gossip.enabled", groupGossip, "true", "Whether workers gossip, so that a lost one's tasks move before its session is over.",
		func(d *draft) *bool { return &d.Gossip.Enabled }),
	text("gossip.listener", groupGossip, "", "Where this worker gossips, as `host:port`, over TCP and UDP. Absent: on the REST listener's host, at any free port.",
		func(d *draft) *string { return &d.Gossip.Listener }),
	{Row: row{
		Name: "gossip.key", Type: property.Password, Group: groupGossip, Valid: "16, 24 or 32 bytes in base64",
		Doc: "Key that encrypts the gossip, the same on all workers, as `openssl rand -base64 32` makes one. Off loopback it is required.",
	}, Set: hide(func(d *draft) *connector.Secret { return &d.Gossip.Key })},
}

var restTable = []field{
	text("listeners", groupREST, "http://127.0.0.1:8083", "Where the REST API is, as `http://host:port` or `https://host:port`. Off loopback it must be https, with a key store and with callers that identify themselves. No host means every interface, but without both of these 127.0.0.1.",
		func(d *draft) *string { return &d.listeners }),
	text("rest.advertised.host.name", groupREST, "", "Host that other workers call this one by. Absent: that of the listener.",
		func(d *draft) *string { return &d.AdvertisedHost }),
	{Row: row{
		Name: "rest.advertised.port", Type: property.Int, Min: 1, Max: 65535, Importance: property.Medium, Group: groupREST,
		Doc: "Port that other workers call this one by. Absent: that of the listener.",
	}, Set: property.Whole(func(d *draft) *int { return &d.AdvertisedPort })},
	{Row: row{
		Name: "rest.advertised.listener", Choices: choices{{Name: "http"}, {Name: "https"}}, Importance: property.Low, Group: groupREST,
		Doc: "Scheme that other workers use. There is one listener, so it can only be that listener's.",
	}, Set: property.Text(func(d *draft) *string { return &d.advertisedScheme })},
	unused("admin.listeners", groupREST, property.List, "Listeners of the admin calls.", "there is one listener"),
	silent("rest.extension.classes", groupREST, "Java classes that extend the REST API."),
	unused("access.control.allow.origin", groupREST, property.String, "Origins that browsers may call from.", "no other origin may call"),
	unused("access.control.allow.methods", groupREST, property.String, "Methods that browsers may call.", "no other origin may call"),
	unused("response.http.headers.config", groupREST, property.String, "Headers of the REST API's answers.", "answers have no such headers"),
}

var roleNames = choices{{Name: "none"}, {Name: "viewer"}, {Name: "operator"}, {Name: "editor"}, {Name: "admin"}}

var authTable = []field{
	{Row: row{
		Name: "rest.auth.users", Type: property.Password, Group: groupAuth,
		Doc: "Users with passwords, as `name:hash:role`, separated by blanks, commas or lines. `workerctl auth hash` makes the hash; roles are viewer, operator, editor and admin.",
	}, Set: hide(func(d *draft) *connector.Secret { return &d.REST.Auth.Users })},
	text("rest.auth.basic.users.file", groupAuth, "", "File of such users, one a line. It is read again when it changes.",
		func(d *draft) *string { return &d.REST.Auth.UsersFile }),
	{Row: row{
		Name: "rest.auth.tokens", Type: property.Password, Group: groupAuth,
		Doc: "Bearer tokens, as `name:hash:role`; the hash is the token's SHA-256 in hexadecimal digits.",
	}, Set: hide(func(d *draft) *connector.Secret { return &d.REST.Auth.Tokens })},
	text("rest.auth.tokens.file", groupAuth, "", "File of such tokens, one a line. It is read again when it changes.",
		func(d *draft) *string { return &d.REST.Auth.TokensFile }),
	text("rest.auth.mtls.rules", groupAuth, "", "Roles of client certificates, as `CN=alice:admin; DNS=*.ci.example.com:viewer`; CN, OU, DNS, URI and EMAIL can be named. The highest role that fits counts.",
		func(d *draft) *string { return &d.REST.Auth.Rules }),
	{Row: row{
		Name: "rest.auth.anonymous.role", Default: "none", Choices: roleNames, Group: groupAuth,
		Doc: "Role of callers without credentials; health and readiness are open in any case. While no rest.auth property is set, everybody may do everything, which is possible on loopback only.",
	}, Set: property.Text(func(d *draft) *string { return &d.REST.Auth.Anonymous })},
}
