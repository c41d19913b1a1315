package inherited

import "github.com/headwater/headwater/internal/connector/property"

const (
	workerCredentials = "the worker's own connection to Kafka is used"
	notOpenAPI        = "leave it out and write the apiN properties by hand"
	groupAuth         = "Authentication"
	groupTransport    = "TLS and proxy"
	noProxy           = "leave it out: connections go straight to the API for now"
	noStores          = "leave it out: server certificates are checked against the system's authorities, and there is no client certificate yet"
)

var connection = []property.Row{
	noOp("Connector", "auto.restart.on.user.error", property.Boolean, "true", "Restart after an error that a person can mend.", "a failed task waits for a restart call"),
	openAPI("use.open.api.spec", property.Boolean, "Fill the properties from an OpenAPI document.", property.NoOp),
	openAPI("open.api.spec.format", property.String, "`URL` or `file`.", property.NoOp),
	openAPI("open.api.spec.url", property.String, "Where the OpenAPI document is.", property.NotYet),
	openAPI("open.api.spec.file", property.String, "The OpenAPI document itself.", property.NotYet),
	kafkaRow("kafka.auth.mode", property.String, "`KAFKA_API_KEY` or `SERVICE_ACCOUNT`."),
	kafkaRow("kafka.api.key", property.Password, "User of the connection to Kafka."),
	kafkaRow("kafka.api.secret", property.Password, "Password of the connection to Kafka."),
	kafkaRow("kafka.service.account.id", property.String, "Account of the connection to Kafka."),
}

var authentication = []property.Row{
	later("auth.type=OAUTH2", "oauth2.token.url", property.String, "", "Token endpoint of the client credentials grant."),
	later("auth.type=OAUTH2", "oauth2.client.id", property.String, "", "Client id."),
	later("auth.type=OAUTH2", "oauth2.client.secret", property.Password, "", "Client secret."),
	later("auth.type=OAUTH2", "oauth2.token.property", property.String, "access_token", "Field of the answer that holds the token."),
	later("auth.type=OAUTH2", "oauth2.client.scope", property.String, "any", "Scope to ask for."),
	later("auth.type=OAUTH2", "oauth2.client.auth.mode", property.String, "header", "Where id and secret travel: `header` or `url`."),
	later("auth.type=OAUTH2", "oauth2.client.headers", property.Password, "", "More headers to the token endpoint, as `name:value`."),
	later("auth.type=OAUTH2", "oauth2.client.header.separator", property.String, "|", "Separator between those headers."),
	later("auth.type=OAUTH2", "oauth2.flow.type", property.String, "", "Kind of OAuth2 grant."),
	later("auth.type=OAUTH2", "oauth2.refresh.token", property.Password, "", "Refresh token."),
	later("auth.type=OAUTH2", "oauth2.jwt.*", property.Password, "", "Properties of the JWT bearer grant."),
	later("auth.type=API_KEY", "api.key.location", property.String, "HEADER", "Where the key travels: `HEADER` or `QUERY`."),
	later("auth.type=API_KEY", "api.key.name", property.String, "X-API-KEY", "Name of the header or query parameter."),
	later("auth.type=API_KEY", "api.key.value", property.Password, "", "The key."),
}

var transport = []property.Row{
	refused("https.ssl.enabled", property.Boolean, "false", "Force the version of `https.ssl.protocol`. HTTPS works without it.", "leave it out: TLS 1.2 and newer are used"),
	noOpWith("https.ssl.enabled=true", "https.ssl.protocol", property.String, "TLSv1.3", "TLS version to force."),
	refused("https.ssl.keystorefile", property.Password, "", "Client certificate and key, base64 of a JKS or PKCS12 store.", noStores),
	noOpWith("https.ssl.keystorefile", "https.ssl.keystore.password", property.Password, "", "Password of the store."),
	noOpWith("https.ssl.keystorefile", "https.ssl.key.password", property.Password, "", "Password of the key."),
	refused("https.ssl.truststorefile", property.Password, "", "Server certificate authorities, base64 of a JKS or PKCS12 store.", noStores),
	noOpWith("https.ssl.truststorefile", "https.ssl.truststore.password", property.Password, "", "Password of the store."),
	refused("http.proxy.enabled", property.Boolean, "false", "Go through a proxy.", noProxy),
	refused("http.proxy.host", property.String, "", "Host of the proxy.", noProxy),
	noOpWith("http.proxy.host", "http.proxy.port", property.Int, "", "Port of the proxy."),
	noOpWith("http.proxy.host", "http.proxy.user", property.String, "", "User of the proxy."),
	noOpWith("http.proxy.user", "http.proxy.password", property.Password, "", "Password of the proxy."),
	refused("connection.disallow.local.ips", property.Boolean, "false", "Refuse loopback and link-local addresses.", strictEgress),
	refused("connection.disallow.private.ips", property.Boolean, "false", "Refuse private addresses.", strictEgress),
	refused("connection.disallow.class.e.ips", property.Boolean, "false", "Refuse addresses of class E.", strictEgress),
	refused("connection.disallow.cidr.ranges", property.List, "", "Refuse these address ranges.", strictEgress),
	noOp(groupTransport, "connection.allow.cidr.ranges", property.List, "", "Allow these address ranges.", "the worker's egress.profile decides about addresses"),
}
