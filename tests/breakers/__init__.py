"""One breaker, twice: in the edge towards BFFs, in the runtime towards services. One model holds both."""
