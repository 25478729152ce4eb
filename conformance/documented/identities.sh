# List identities
curl http://localhost:8283/v1/identities/ \
     -H "Authorization: Bearer <token>"

# Create identity
curl -X POST http://localhost:8283/v1/identities/ \
     -H "Authorization: Bearer <token>" \
     -H "Content-Type: application/json" \
     -d '{
  "identifier_key": "user_123",
  "name": "John Doe",
  "identity_type": "user"
}'

# Upsert identity
curl -X PUT http://localhost:8283/v1/identities/ \
     -H "Authorization: Bearer <token>" \
     -H "Content-Type: application/json" \
     -d '{
  "identifier_key": "user_123",
  "name": "John Doe",
  "identity_type": "user"
}'

# Retrieve identity
curl http://localhost:8283/v1/identities/identity_id \
     -H "Authorization: Bearer <token>"

# Modify identity
curl -X PATCH http://localhost:8283/v1/identities/identity_id \
     -H "Authorization: Bearer <token>" \
     -H "Content-Type: application/json" \
     -d '{"name": "Updated Name"}'

# Delete identity
curl -X DELETE http://localhost:8283/v1/identities/identity_id \
     -H "Authorization: Bearer <token>"
