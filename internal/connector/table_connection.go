package connector

import (
	"github.com/headwater/headwater/internal/connector/form"
	"github.com/headwater/headwater/internal/connector/property"
)

// connectionTable is what a connector is and what it talks to.
var connectionTable = []global{
	{Row: row{
		Name: "name", Required: true, Group: "Connector", Valid: form.ValidName,
		Doc: "The connector's name. It is part of topic names, transactional ids and paths, and so holds no blanks.",
	}, Set: checked(form.Name, func(d *draft) *string { return &d.Name })},
	{Row: row{
		Name: "connector.class", Required: true, Group: "Connector",
		Choices: choices{{Name: "HttpSourceV2", Also: []string{
			"io.confluent.connect.http.source.GenericHttpSourceConnector", "GenericHttpSourceConnector", "GenericHttpSource",
		}}},
		Doc: "The kind of connector; `io.confluent.connect.http.source.GenericHttpSourceConnector` is the same one.",
	}, Set: property.Text(func(d *draft) *string { return &d.Class })},
	{Row: row{
		Name: "tasks.max", Type: property.Int, Min: 1, Group: "Connector",
		Doc: "The most tasks to spread the APIs over. Absent: as many as APIs.",
	}, Set: property.Whole(func(d *draft) *int { return &d.TasksMax })},
	{Row: row{
		Name: "http.api.base.url", Required: true, Group: "Connector", Valid: "an http or https URL, as https://api.example.com/v1",
		Doc: "What goes before every `apiN.http.api.path`. Credentials are sent to its origin only.",
	}, Set: checked(form.BaseURL, func(d *draft) *string { return &d.BaseURL })},
	{Row: row{
		Name: "apis.num", Type: property.Int, Default: "1", Min: 1, Max: maxAPIs, Group: "Connector",
		Doc: "How many APIs there are: `api1.` to `apiN.`.",
	}, Set: property.Whole(func(d *draft) *int { return &d.apisNum })},
	{Row: row{
		Name: chainsProperty, Group: "Connector", Valid: "pairs of APIs, separated by commas, as api1::api2,api1::api3",
		Doc: "Pairs of a parent API and a child API. A child is asked once for every record of its parent, whose fields stand for " +
			"`${name}` in the child's templates. Several levels, children and parents are allowed.",
	}, Set: property.Text(func(d *draft) *string { return &d.chains })},
	{Row: row{
		Name: "connector.egress.whitelist", Type: property.List, Group: "Connector", Valid: "host names, IP addresses and CIDR ranges, separated by commas",
		Doc: "Hosts that redirects and next-page links may lead to, besides the base URL's own. They are sent no credentials.",
	}, Set: setWhitelist},
}
