# Ruby's Net::HTTP with one started connection for each server. Net::HTTP opens a closed connection again by itself.
require 'json'
require 'net/http'

$stdout.sync = true
connections = {}
causes = ->(error) { error ? ["#{error.class}: #{error.message}"] + causes.call(error.cause) : [] }
innermost = ->(error) { error.cause ? innermost.call(error.cause) : error }

puts JSON.generate(ready: true)
$stdin.each_line do |line|
  asked = JSON.parse(line)
  begin
    uri = URI(asked['url'])
    http = connections[[uri.host, uri.port]] ||= begin
      made = Net::HTTP.new(uri.host, uri.port)
      made.use_ssl = uri.scheme == 'https'
      made.open_timeout = made.read_timeout = asked['timeoutMs'] / 1000.0 if asked['timeoutMs']
      made.start
    end
    response = http.request(Net::HTTP.const_get(asked['method'].capitalize).new(uri))
    puts JSON.generate(id: asked['id'], status: response.code.to_i, body: response.body)
  rescue StandardError => error
    # The class name Errno::ECONNREFUSED ends with the system's name of the error.
    puts JSON.generate(id: asked['id'], error: innermost.call(error).class.name.delete_prefix('Errno::'), causes: causes.call(error))
  end
end
