// Package curl asks the REST API the way people and their programs do: with curl, line by line as the documents of the
// managed service and of Kafka Connect have it, and with a checker that makes up requests from our own OpenAPI document.
package curl
