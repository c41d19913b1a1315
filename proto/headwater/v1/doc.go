// Package headwaterv1 is what workers tell each other through topics, in protobuf. Its code is generated: go run
// ./proto/gen. Fields that a reader does not know it keeps, so that two versions can run side by side.
package headwaterv1
