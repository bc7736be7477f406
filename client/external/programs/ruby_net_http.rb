# Ruby's Net::HTTP with one started connection for each server. Net::HTTP opens a closed connection again by itself.
require 'net/http'
require_relative 'lab_protocol'

connections = {}
serve do |method, url, seconds|
  uri = URI(url)
  http = connections[[uri.host, uri.port]] ||= begin
    made = Net::HTTP.new(uri.host, uri.port)
    made.use_ssl = uri.scheme == 'https'
    made.open_timeout = made.read_timeout = seconds if seconds
    made.start
  end
  response = http.request(Net::HTTP.const_get(method.capitalize).new(uri))
  [response.code.to_i, response.body]
end
