package reference

// Kind is the class of a config provider.
type Kind uint8

// Kafka's own config providers: a .properties file, the environment, a directory with a file for each key.
const (
	File Kind = iota
	Environment
	Directory
)

// Provider is one name in config.providers.
type Provider struct {
	Name  string
	Kind  Kind
	Paths []string // config.providers.<name>.param.allowed.paths, of files and directories
	Names string   // config.providers.<name>.param.allowlist.pattern, of the environment; empty: all
}
