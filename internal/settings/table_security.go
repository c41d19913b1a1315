package settings

import (
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/connector/property"
)

const (
	usePEM = "set it to PEM and name a file in PEM form; Java key stores are converted with keytool and openssl"
	useSC  = "set sasl.mechanism to PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
)

var storeTypes = choices{{Name: "PEM"}, {Name: "JKS", NotYet: usePEM}, {Name: "PKCS12", NotYet: usePEM}}

var securityTable = []field{
	{Row: row{
		Name: "security.protocol", Default: "PLAINTEXT", Group: groupSecurity,
		Choices: choices{{Name: "PLAINTEXT"}, {Name: "SSL"}, {Name: "SASL_PLAINTEXT"}, {Name: "SASL_SSL"}},
		Doc:     "Whether connections to the brokers have TLS and authentication.",
	}, Set: setProtocol},
	{Row: row{
		Name: "sasl.mechanism", Group: groupSecurity, Needs: "security.protocol=SASL_*", Doc: "How the worker identifies itself.",
		Choices: choices{
			{Name: "PLAIN"}, {Name: "SCRAM-SHA-256"}, {Name: "SCRAM-SHA-512"}, {Name: "GSSAPI", NotYet: useSC}, {Name: "OAUTHBEARER", NotYet: useSC},
		},
	}, Set: property.Text(func(d *draft) *string { return &d.mechanism })},
	{Row: row{
		Name: "sasl.jaas.config", Type: property.Password, Group: groupSecurity, Needs: "security.protocol=SASL_*",
		Doc: "User and password, as `org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\" password=\"p\";`.",
	}, Set: hide(func(d *draft) *connector.Secret { return &d.jaas })},
	{Row: row{
		Name: "ssl.truststore.type", Choices: storeTypes, Importance: property.Medium, Group: groupSecurity,
		Needs: "ssl.truststore.location",
		Doc:   "Form of the trust store. Absent means JKS.",
	}},
	text("ssl.truststore.location", groupSecurity, "", "File with the brokers' certificate authorities. Absent: the system's.",
		func(d *draft) *string { return &d.trust.TrustFile }),
	text("ssl.truststore.certificates", groupSecurity, "", "The certificate authorities themselves, in PEM form.",
		func(d *draft) *string { return &d.trust.TrustPEM }),
	{Row: row{
		Name: "ssl.truststore.password", Type: property.Password, Group: groupSecurity, Status: property.NoOp,
		Doc: "Password of the trust store; PEM files have none.",
	}},
	{Row: row{
		Name: "ssl.keystore.type", Choices: storeTypes, Importance: property.Medium, Group: groupSecurity,
		Needs: "ssl.keystore.location",
		Doc:   "Form of the key store. Absent means JKS.",
	}},
	text("ssl.keystore.location", groupSecurity, "", "File with the worker's certificate chain and key.",
		func(d *draft) *string { return &d.trust.KeyFile }),
	text("ssl.keystore.certificate.chain", groupSecurity, "", "The certificate chain itself, in PEM form.",
		func(d *draft) *string { return &d.trust.ChainPEM }),
	{Row: row{
		Name: "ssl.keystore.key", Type: property.Password, Group: groupSecurity, Doc: "The key itself, in PEM form, not encrypted.",
	}, Set: hide(func(d *draft) *connector.Secret { return &d.trust.KeyPEM })},
	{Row: row{
		Name: "ssl.keystore.password", Type: property.Password, Group: groupSecurity, Status: property.NoOp,
		Doc: "Password of the key store; PEM files have none.",
	}},
	{Row: row{
		Name: "ssl.key.password", Type: property.Password, Group: groupSecurity, Status: property.NotYet,
		Doc: "Password of an encrypted key.", Why: "leave it out and keep the key unencrypted in a file that only the worker can read",
	}},
	{Row: row{
		Name: "ssl.endpoint.identification.algorithm", Default: "https", Blank: true, Importance: property.Low, Group: groupSecurity,
		Valid: "https", Status: property.NotYet, Doc: "How the brokers' names are verified.",
		Why: "leave it out: the brokers' names are always verified",
	}},
}

func setProtocol(d *draft, v property.Value) error {
	d.tls = v.Text == "SSL" || v.Text == "SASL_SSL"
	d.sasl = v.Text == "SASL_PLAINTEXT" || v.Text == "SASL_SSL"
	return nil
}

func hide(to func(*draft) *connector.Secret) func(*draft, property.Value) error {
	return func(d *draft, v property.Value) error { *to(d) = connector.NewSecret(v.Text); return nil }
}
