package inherited

import "github.com/headwater/headwater/internal/connector/property"

const (
	groupConverter = "Converters"
	noRegistry     = "output.data.format=JSON writes no schema"
)

// converters is how values are written with a schema. None of it concerns schemaless JSON.
var converters = []property.Row{
	converter("key.converter", property.String, "", "Class that writes keys."),
	converter("value.converter", property.String, "", "Class that writes values; `output.data.format` decides."),
	converter("schema.context.name", property.String, "default", "Context of the schema registry."),
	refusedWithSchema("csfle.enabled", property.Boolean, "false", "Encrypt fields by the rules of their schema."),
	converter("sr.service.account.id", property.String, "", "Account towards the schema registry."),
	converter("value.converter.value.subject.name.strategy", property.String, "TopicNameStrategy", "Subject of the value's schema.", "value.subject.name.strategy", "subject.name.strategy"),
	converter("key.converter.key.subject.name.strategy", property.String, "TopicNameStrategy", "Subject of the key's schema.", "key.subject.name.strategy"),
	converter("value.converter.reference.subject.name.strategy", property.String, "DefaultReferenceSubjectNameStrategy", "Subject of referenced schemas."),
	converter("value.converter.decimal.format", property.String, "BASE64", "`BASE64` or `NUMERIC` for decimals.", "json.output.decimal.format"),
	converter("value.converter.ignore.default.for.nullables", property.Boolean, "false", "Write null rather than the default.", "ignore.default.for.nullables"),
	converter("value.converter.allow.optional.map.keys", property.Boolean, "", "Avro: optional text as keys of maps."),
	converter("value.converter.auto.register.schemas", property.Boolean, "", "Register schemas when writing."),
	converter("value.converter.connect.meta.data", property.Boolean, "", "Avro: Connect's own fields in the schema."),
	converter("value.converter.enhanced.avro.schema.support", property.Boolean, "", "Avro: keep packages and enumerations."),
	converter("value.converter.enhanced.protobuf.schema.support", property.Boolean, "", "Protobuf: keep packages."),
	converter("value.converter.flatten.unions", property.Boolean, "", "Protobuf: flatten unions."),
	converter("value.converter.flatten.singleton.unions", property.Boolean, "false", "Flatten unions of one branch."),
	converter("value.converter.generate.index.for.unions", property.Boolean, "", "Protobuf: number the branches of unions."),
	converter("value.converter.generate.struct.for.nulls", property.Boolean, "", "Protobuf: a message for null."),
	converter("value.converter.int.for.enums", property.Boolean, "", "Protobuf: enumerations as numbers."),
	converter("value.converter.latest.compatibility.strict", property.Boolean, "", "Check against the latest schema."),
	converter("value.converter.object.additional.properties", property.Boolean, "", "JSON Schema: allow further fields."),
	converter("value.converter.optional.for.nullables", property.Boolean, "", "Protobuf: nullable fields are optional."),
	converter("value.converter.optional.for.proto2", property.Boolean, "", "Protobuf: optional fields of proto2."),
	converter("value.converter.scrub.invalid.names", property.Boolean, "", "Replace characters that names must not have."),
	converter("value.converter.use.latest.version", property.Boolean, "", "Write with the latest registered schema."),
	converter("value.converter.use.optional.for.nonrequired", property.Boolean, "", "JSON Schema: what is not required is optional."),
	converter("value.converter.wrapper.for.nullables", property.Boolean, "", "Protobuf: wrapper messages for nullable fields."),
	converter("value.converter.wrapper.for.raw.primitives", property.Boolean, "", "Protobuf: a wrapper at the root is a plain value."),
	converter("value.converter.schema.id.serializer", property.String, "", "Where the schema's id is written."),
	converter("key.converter.*", property.String, "", "Any other property of the key's converter."),
	converter("value.converter.*", property.String, "", "Any other property of the value's converter."),
}

func converter(name string, t property.Type, byDefault, doc string, aliases ...string) property.Row {
	f := noOp(groupConverter, name, t, byDefault, doc, noRegistry)
	f.Aliases = aliases
	return f
}

func refusedWithSchema(name string, t property.Type, byDefault, doc string) property.Row {
	f := refused(name, t, byDefault, doc, "leave it out: field encryption comes later")
	f.Group = groupConverter
	return f
}
