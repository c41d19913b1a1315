package connector

import (
	"github.com/headwater/headwater/internal/connector/choice"
	"github.com/headwater/headwater/internal/connector/property"
)

const groupOutput = "Output"

// outputTable is what records become and how they are produced.
var outputTable = []global{
	{Row: row{
		Name: "output.data.format", Aliases: []string{"data.format"}, Default: "JSON_SR", Choices: choice.Formats, Group: groupOutput,
		Doc: "Format of the record values. `JSON` is an extension: the bytes as the API sent them, without a schema.",
	}, Set: property.Pick(func(d *draft) *Format { return &d.Format })},
	{Row: row{
		Name: "producer.override.compression.type", Importance: property.Low, Group: groupOutput,
		Choices: choices{{Name: "none"}, {Name: "gzip"}, {Name: "snappy"}, {Name: "lz4"}, {Name: "zstd"}},
		Doc:     "Compression of produced batches.",
	}, Set: setCompression},
}

func setCompression(d *draft, v property.Value) error {
	if v.Choice > 0 {
		d.Compression = v.Text
	}
	return nil
}
