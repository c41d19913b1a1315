package settings

import (
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/connector/property"
)

// store is what a set of ssl.* properties says of the REST API's TLS.
type store struct {
	TLS
	clientAuth string
}

// httpsPrefix is before the properties of the REST API's own TLS. As in Kafka Connect, ssl.* count when none is set.
const httpsPrefix = "listeners.https."

var clientAuths = choices{{Name: "none"}, {Name: "requested"}, {Name: "required"}}

var httpsTable = []field{
	{Row: row{
		Name: "listeners.https.ssl.keystore.type", Choices: storeTypes, Importance: property.Medium, Group: groupHTTPS,
		Needs: "listeners.https.ssl.keystore.location", Doc: "Form of the key store. Absent means JKS.",
	}},
	text("listeners.https.ssl.keystore.location", groupHTTPS, "", "File with the REST API's certificate chain and key. It is read again when it changes.",
		func(d *draft) *string { return &d.https.KeyFile }),
	text("listeners.https.ssl.keystore.certificate.chain", groupHTTPS, "", "The certificate chain itself, in PEM form.",
		func(d *draft) *string { return &d.https.ChainPEM }),
	{Row: row{
		Name: "listeners.https.ssl.keystore.key", Type: property.Password, Group: groupHTTPS,
		Doc: "The key itself, in PEM form, not encrypted.",
	}, Set: hide(func(d *draft) *connector.Secret { return &d.https.KeyPEM })},
	{Row: row{
		Name: "listeners.https.ssl.keystore.password", Type: property.Password, Group: groupHTTPS, Status: property.NoOp,
		Doc: "Password of the key store; PEM files have none.",
	}},
	{Row: row{
		Name: "listeners.https.ssl.key.password", Type: property.Password, Group: groupHTTPS, Status: property.NotYet,
		Doc: "Password of an encrypted key.", Why: "leave it out and keep the key unencrypted in a file that only the worker can read",
	}},
	{Row: row{
		Name: "listeners.https.ssl.truststore.type", Choices: storeTypes, Importance: property.Medium, Group: groupHTTPS,
		Needs: "listeners.https.ssl.truststore.location", Doc: "Form of the trust store. Absent means JKS.",
	}},
	text("listeners.https.ssl.truststore.location", groupHTTPS, "", "File with the authorities of client certificates and of the other workers' certificates. It is read again when it changes.",
		func(d *draft) *string { return &d.https.TrustFile }),
	text("listeners.https.ssl.truststore.certificates", groupHTTPS, "", "These authorities themselves, in PEM form.",
		func(d *draft) *string { return &d.https.TrustPEM }),
	{Row: row{
		Name: "listeners.https.ssl.truststore.password", Type: property.Password, Group: groupHTTPS, Status: property.NoOp,
		Doc: "Password of the trust store; PEM files have none.",
	}},
	{Row: row{
		Name: "listeners.https.ssl.client.auth", Default: "none", Choices: clientAuths, Importance: property.Medium, Group: groupHTTPS,
		Doc: "Whether callers show a certificate: never, when they have one, or always.",
	}, Set: property.Text(func(d *draft) *string { return &d.https.clientAuth })},
	{Row: row{
		Name: "ssl.client.auth", Default: "none", Choices: clientAuths, Importance: property.Low, Group: groupHTTPS,
		Doc: "The same, where `ssl.*` stand for the REST API too because no `listeners.https.*` is set.",
	}, Set: property.Text(func(d *draft) *string { return &d.clientAuth })},
}
