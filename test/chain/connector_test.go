package chain

import (
	"fmt"
	"maps"
)

// connector is the configuration of a chain of three levels: what holds for all, then the scene's APIs, then a test's own.
func (s *scene) connector(own map[string]string) map[string]string {
	c := map[string]string{
		"connector.class": "HttpSourceV2", "output.data.format": "JSON", "auth.type": "NONE", "behavior.on.error": "IGNORE",
		"http.api.base.url": s.base, "apis.num": "3", "tasks.max": "1", "reporter.error.topic.name": s.errors(),
		"api.chaining.parent.child.relationship": "api1::api2,api2::api3",
	}
	for n := range 3 {
		api := fmt.Sprintf("api%d.", n+1)
		maps.Copy(c, map[string]string{
			api + "topics":               s.topic(n + 1),
			api + "http.request.headers": "X-Worker:${env:" + nameVariable + "}",
			api + "retry.backoff.policy": "CONSTANT_VALUE", api + "retry.backoff.ms": "100",
		})
	}
	maps.Copy(c, s.apis)
	maps.Copy(c, own)
	return c
}

// treeAPIs are the addresses of a tree, and how its lists go on.
func treeAPIs() map[string]string {
	return map[string]string{
		"api1.http.api.path": "/roots", "api1.http.response.data.json.pointer": "/items",
		"api1.http.offset.mode": "CHAINING", "api1.http.offset.json.pointer": "/changed",
		"api1.http.initial.offset": "0", "api1.http.request.parameters": "after=${offset}", "api1.request.interval.ms": "100",

		"api2.http.api.path": "/roots/${id}/branches", "api2.http.response.data.json.pointer": "/items",
		"api2.http.offset.mode": "CURSOR_PAGINATION", "api2.http.next.page.json.pointer": "/next",
		"api2.is.next.page.token.absolute.url": "false", "api2.http.request.parameters": "cursor=${offset}",
		"api2.request.interval.ms": "0",

		"api3.http.api.path": "/branches/${id}/leaves", "api3.http.response.data.json.pointer": "/items",
		"api3.http.offset.mode": "SIMPLE_INCREMENTING", "api3.http.initial.offset": "0",
		"api3.http.request.parameters": "start=${offset}", "api3.request.interval.ms": "0",
	}
}
