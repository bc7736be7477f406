# The lab's protocol: one JSON line in for each request, one JSON line out with its result (docs/clients.md).
require 'json'

# Answers the request lines one after the other. The block gets method, URL and the caller's limit in seconds (nil: the library's own default),
# and returns status and body, or raises.
def serve
  $stdout.sync = true
  puts JSON.generate(ready: true)
  $stdin.each_line do |line|
    asked = JSON.parse(line)
    begin
      status, body = yield asked['method'], asked['url'], asked['timeoutMs'] && asked['timeoutMs'] / 1000.0
      puts JSON.generate(id: asked['id'], status: status, body: body)
    rescue StandardError => error
      chain = []
      # "The socket is not ready yet" is not the reason, but what a library handled when it found the reason.
      while error && !error.is_a?(IO::WaitWritable) && !error.is_a?(IO::WaitReadable)
        chain << error
        error = error.cause
      end
      # The class name Errno::ECONNREFUSED ends with the system's name of the error.
      puts JSON.generate(id: asked['id'], error: chain.last.class.name.delete_prefix('Errno::'), causes: chain.map { |each| "#{each.class}: #{each.message}" })
    end
  end
end
