import module from 'node:module';

module.enableCompileCache();
// A process that is killed cannot write its cache when it ends: it is written as soon as everything is loaded.
setTimeout(() => module.flushCompileCache(), 1500).unref();
